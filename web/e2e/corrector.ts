// A tumour's contour is mended with the brush; nothing drawn is lost on the way.

import { ask, expect, openCase, spotOn, whole } from './case.ts';
import { journey, signIn } from './browser.ts';

interface Version {
  readonly kind: string;
  readonly by: string;
  readonly volume_ml: number;
  readonly is_current: boolean;
}

await journey('corrector', async ({ page, facts, step, axe }) => {
  const versions = async (): Promise<Version[]> =>
    (await ask(page, `api/results/${String(facts['result'])}/versions`))
      .told as Version[];
  const volume = (): Promise<number> =>
    page.locator('[data-volume]').getAttribute('data-volume').then(Number);
  const draw = async (): Promise<void> => {
    const [from, to] = [
      await spotOn(page, 'axial', 0.45, 0.35),
      await spotOn(page, 'axial', 0.62, 0.4),
    ];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 6 });
    await page.mouse.up();
  };
  let before = 0;
  let drawn = 0;
  await step('the case is opened where it is decided', async () => {
    await page.goto(facts.url);
    await signIn(page, 'rita', facts.word);
    await openCase(page, facts.url, facts['result'], 'decide');
    await whole(page);
  });
  await step('the brush makes the outline larger', async () => {
    await page.getByRole('button', { name: 'Correct' }).click();
    await page.locator('[data-volume]').waitFor();
    before = await volume();
    await draw();
    drawn = await volume();
    expect(drawn > before, `${drawn} ml is no more than ${before} ml`);
  });
  await axe('the correction');
  await step('a stroke is taken back and drawn again', async () => {
    await page.getByRole('button', { name: 'Undo' }).click();
    expect((await volume()) === before, 'the stroke is still there');
    await page.getByRole('button', { name: 'Redo' }).click();
    expect((await volume()) === drawn, 'the stroke is not there again');
  });
  await step('a page that is loaded anew has it still', async () => {
    await page.reload();
    await page.getByText('1 change that you had begun is here again').waitFor();
    expect((await volume()) === drawn, 'what was drawn is another');
  });
  await step('while it is drawn nothing else is decided', async () => {
    const accept = page.getByRole('button', { name: 'Accept' });
    expect(
      await accept.isDisabled(),
      'an answer that is being changed can be accepted',
    );
  });
  await step('a session that ends in the middle loses nothing', async () => {
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Save as a version' }).click();
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.getByLabel('Password').fill(facts.word);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Corrected by rita').waitFor();
    const [machine, mine] = await versions();
    expect(machine?.kind === 'machine' && mine?.by === 'rita', 'not both are kept');
    expect(Math.abs((mine?.volume_ml ?? 0) - drawn) < 1e-3, 'the volume is another');
    expect((machine?.volume_ml ?? 0) < (mine?.volume_ml ?? 0), 'nothing was added');
  });
  await step('both versions can be looked at', async () => {
    await page.getByRole('radio', { name: /The machine.s answer/ }).check();
    await page.getByRole('radio', { name: /Corrected by rita/ }).check();
  });
  await step(
    'the eraser works without the desk, and is sent when it is back',
    async () => {
      await page.getByRole('button', { name: 'Correct' }).click();
      await page.locator('[data-volume]').waitFor();
      await page.getByRole('radio', { name: 'Eraser' }).check();
      await draw();
      const smaller = await volume();
      expect(smaller < drawn, 'nothing was rubbed out');
      await page.context().setOffline(true);
      await page.getByRole('button', { name: 'Save as a version' }).click();
      await page.getByText('is sent when it is back').waitFor();
      await page.context().setOffline(false);
      await page.getByText('is sent when it is back').waitFor({ state: 'detached' });
      await page
        .getByRole('radio', { name: /Corrected by rita/ })
        .nth(1)
        .waitFor();
      const kept = await versions();
      expect(kept.length === 3, `${kept.length} versions are kept`);
      expect(
        Math.abs((kept[2]?.volume_ml ?? 0) - smaller) < 1e-3,
        'the volume is another',
      );
    },
  );
  await axe('the decision with versions');
});
