// A first read: the desk keeps the answer until the reader has said what they see.

import { ask, expect, openCase, spotOn } from './case.ts';
import { journey, signIn } from './browser.ts';

await journey('first_read', async ({ page, facts, step, axe }) => {
  const result = String(facts['result']);
  await step('the case asks for an opinion, whichever view is opened', async () => {
    await page.goto(facts.url);
    await signIn(page, 'rita', facts.word);
    for (const view of ['compare', 'why', 'decide']) {
      await openCase(page, facts.url, result, view);
      await page.getByRole('heading', { name: 'Your opinion first' }).waitFor();
    }
  });
  await step('the desk itself refuses the answer, past the page', async () => {
    for (const path of [
      '',
      '/told',
      '/volumes/picture',
      '/versions',
      '/files/result.json',
    ]) {
      const { status } = await ask(page, `api/results/${result}${path}`);
      expect(status === 409, `${path || '/'} answers ${status}`);
    }
  });
  await step('the scan can be read meanwhile, and marked', async () => {
    await page.locator('canvas[data-plane=axial]').waitFor();
    await page.getByRole('radio', { name: 'Mark' }).check();
    const { x, y } = await spotOn(page, 'axial', 0.55, 0.45);
    await page.mouse.click(x, y);
    await page.getByRole('button', { name: /Remove mark 1/ }).waitFor();
  });
  await axe('the first read');
  await step('an opinion is recorded, then the answer is shown', async () => {
    await page.getByRole('radio', { name: 'Unsure' }).check();
    await page.getByRole('slider', { name: 'How sure are you?' }).fill('30');
    await page.getByRole('button', { name: 'Record, then show the answer' }).click();
    await page.getByText('You: Unsure, 30 of 100 sure').waitFor();
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    const { status } = await ask(page, `api/results/${result}/told`);
    expect(status === 200, `the answer is still refused: ${status}`);
  });
});
