// The clinician: from a DICOM zip to a signed case and its files.

import { expect, spotOn, whole } from './case.ts';
import { fileOf, journey, signIn } from './browser.ts';

await journey('clinician', async ({ page, facts, step, axe }) => {
  await step('a series is sent and kept', async () => {
    await page.goto(facts.url);
    await signIn(page, 'anna', facts.word);
    await page.getByRole('link', { name: 'Scans' }).click();
    const buffer = fileOf(facts, 'zip');
    const zip = { name: 'series.zip', mimeType: 'application/zip', buffer };
    await page.locator('input[data-picks=file]').setInputFiles(zip);
    await page.getByRole('button', { name: 'Ask for work' }).first().waitFor();
  });
  await step('it is denoised, and the case is opened', async () => {
    await page.getByRole('button', { name: 'Ask for work' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /Denoise/ }).check();
    await dialog.getByRole('button', { name: 'Start' }).click();
    const done = page.locator('a[href*="#/case/"]').first();
    await done.waitFor({ timeout: 540_000 });
    await done.click();
    await page.getByRole('link', { name: 'Compare', exact: true }).waitFor();
  });
  await step('before and after are compared', async () => {
    await whole(page);
    await page.getByRole('radio', { name: 'Difference' }).check();
    await page.getByText('orange was taken away').waitFor();
    await page.getByRole('radio', { name: 'Slider' }).check();
    await page.getByRole('radio', { name: 'Blink' }).check();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('radio', { name: 'Side by side' }).check();
  });
  await step('a length and a ball are measured', async () => {
    await page.getByRole('radio', { name: 'Length' }).check();
    const [from, to] = [
      await spotOn(page, 'axial', 0.4, 0.5),
      await spotOn(page, 'axial', 0.6, 0.5),
    ];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
    const list = page.getByRole('region', { name: 'Measurements' });
    await list.getByText(/^\d+\.\d mm$/).waitFor();
    await page.getByRole('radio', { name: 'Ball' }).check();
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
    await list.getByText(/Ball of .* ml; before mean .*; after mean/).waitFor();
  });
  await axe('compare');
  await step('the certainty of a voxel is told', async () => {
    await page.getByRole('link', { name: 'Certainty', exact: true }).click();
    await page.getByText('Half-width of the 90 % interval').waitFor();
    const { x, y } = await spotOn(page, 'axial', 0.5, 0.4);
    await page.mouse.click(x, y);
    await page.locator('[data-voxel]').getByText('estimated from what was').waitFor();
  });
  await axe('certainty');
  await step('every number of the reasons is one that is stored', async () => {
    await page.getByRole('link', { name: 'Why', exact: true }).first().click();
    await page.getByRole('heading', { name: 'What it says' }).waitFor();
    const numbers = page.locator('button[data-path]');
    await numbers.first().waitFor();
    const facts = await numbers.evaluateAll((all) =>
      all.map((one) => ({ ...(one as HTMLElement).dataset })),
    );
    const told = await page.evaluate(async (result) => {
      const response = await fetch(`api/results/${result}/told`);
      return (await response.json()) as Record<string, unknown>;
    }, resultOf(page.url()));
    for (const fact of facts) {
      const paths = (fact['path'] ?? '').split(' ');
      const stored = paths.map((path) => String(followed(told, path))).join(' ');
      expect(stored === fact['stored'], `${paths.join(', ')} is ${stored}`);
    }
    await numbers.first().focus();
    await page.getByRole('tooltip').first().waitFor();
  });
  await axe('why');
  await step('the way of the picture and its story are told', async () => {
    await page.getByRole('link', { name: 'Origin', exact: true }).click();
    await page.getByRole('img', { name: /^Scanner: / }).waitFor();
    await page.getByText('finished the work').first().waitFor();
  });
  await axe('origin');
  await step('it is accepted and signed', async () => {
    await page.getByRole('link', { name: 'Decide', exact: true }).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByText('Accepted, not yet signed').first().waitFor();
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign' });
    await dialog.getByLabel('Your password').fill('not the password');
    await dialog.getByRole('button', { name: 'Sign it' }).click();
    await dialog.getByRole('alert').waitFor();
    await page.waitForTimeout(1500); // the desk slows down whoever guesses
    await dialog.getByLabel('Your password').fill(facts.word);
    await dialog.getByRole('button', { name: 'Sign it' }).click();
    await page.getByText('Signed', { exact: true }).first().waitFor();
  });
  await axe('decide');
  await step('the files are downloaded', async () => {
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    await (await coming).saveAs(String(facts['saved']));
  });
  await step('a case that is not there says so', async () => {
    await page.goto(`${facts.url}#/case/r-0000000000000000/compare`);
    await page.getByText('There is no such case').waitFor();
  });
});

function resultOf(url: string): string {
  return /#\/case\/([^/]+)/.exec(url)?.[1] ?? '';
}

function followed(told: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((found, part) => (found as Record<string, unknown>)?.[part], told);
}
