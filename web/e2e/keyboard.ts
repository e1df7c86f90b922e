// The clinician's way from the worklist to a signature, by keyboard alone.

import { expect } from './case.ts';
import { journey } from './browser.ts';

await journey('keyboard', async ({ page, facts, step }) => {
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Go on with Tab until what has the focus is what is looked for. */
  const tabTo = async (selector: string): Promise<void> => {
    for (let turn = 0; turn < 90; turn += 1) {
      if (await page.locator(`${selector}:focus`).count()) return;
      await press('Tab');
    }
    throw new Error(`Tab does not lead to ${selector}`);
  };
  await step('signing in', async () => {
    await page.goto(facts.url);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await tabTo('input[autocomplete=username]');
    await page.keyboard.type('anna');
    await tabTo('input[type=password]');
    await page.keyboard.type(facts.word);
    await press('Enter');
    await page.locator('a[data-result]').first().waitFor();
  });
  await step('the worklist leads to the case', async () => {
    await tabTo(`a[data-result]`);
    await press('Enter');
    await page.locator('[data-quality=full]').waitFor();
  });
  await step('cuts, window, tools and measures', async () => {
    await tabTo('canvas[data-plane=axial]');
    const label = (): Promise<string | null> =>
      page.locator('canvas:focus').getAttribute('aria-label');
    const at = await label();
    await press('ArrowUp');
    expect((await label()) !== at, 'the arrow does not change the cut');
    await press(
      '+',
      '0',
      'm',
      'Enter',
      'Shift+ArrowRight',
      'Shift+ArrowRight',
      'Enter',
    );
    await page.getByRole('region', { name: 'Measurements' }).waitFor();
    await press('Backspace', 'p');
    await page
      .getByRole('region', { name: 'Measurements' })
      .waitFor({ state: 'detached' });
  });
  await step('the ways to compare', async () => {
    await press('d');
    await page.getByText('orange was taken away').waitFor();
    await press('l');
    await page.getByRole('slider', { name: 'Before or after' }).waitFor();
    await press('s');
  });
  await step('certainty, why, origin', async () => {
    await press('2');
    await page.locator('[data-voxel]').waitFor();
    await press('3');
    await page.getByRole('heading', { name: 'What it says' }).waitFor();
    await tabTo('button[data-path]');
    await page.getByRole('tooltip').first().waitFor();
    await press('4');
    await page.getByRole('heading', { name: 'The story of this case' }).waitFor();
  });
  await step('accepted and signed', async () => {
    await press('5');
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    await press('A');
    await page.getByText('Accepted, not yet signed').first().waitFor();
    await page.getByRole('button', { name: 'Sign', exact: true }).waitFor();
    await press('S');
    await page.getByRole('dialog', { name: 'Sign' }).waitFor();
    await tabTo('dialog input[type=password]');
    await page.keyboard.type(facts.word);
    await press('Enter');
    await page.getByText('Signed', { exact: true }).first().waitFor();
  });
  await step('the list of keys names them', async () => {
    await press('?');
    await page.getByText('Use the tool where the lines cross').waitFor();
    await press('Escape');
  });
});
