// The administrator suspends a model, puts it to use again, and goes back to a version.

import { journey, signIn } from './browser.ts';

await journey('administrator', async ({ page, facts, step, axe }) => {
  const model = String(facts['model']);
  await step('models are shown with what they may not be used for', async () => {
    await page.goto(facts.url);
    await signIn(page, 'boss', facts.word);
    await page.getByRole('link', { name: 'Models' }).click();
    await page.locator(`a[href="#/models/${model}"]`).click();
    await page.getByRole('heading', { name: 'When not to trust it' }).waitFor();
  });
  await axe('a model');
  await step('it is suspended only after a second look', async () => {
    await page.getByRole('button', { name: 'Suspend' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('article').getByText('In use').first().waitFor();
    await page.getByRole('button', { name: 'Suspend' }).click();
    await dialog.getByLabel('Reason').selectOption({ value: 'drift' });
    await dialog.getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Suspended: its answers have become worse.').waitFor();
  });
  await axe('a suspended model');
  await step('it is put to use again', async () => {
    await page.getByRole('button', { name: 'Put to use' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Put to use' }).click();
    await page.getByRole('button', { name: 'Suspend' }).waitFor();
  });
  await step('an earlier version is put to use', async () => {
    await page.getByRole('button', { name: 'Use this version' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Use this version' }).click();
    const rows = page.getByRole('row');
    await rows
      .filter({ hasText: String(facts['earlier']).slice(0, 16) })
      .getByText('In use')
      .waitFor();
  });
  await step('how an answer is read is settled', async () => {
    await page.getByRole('link', { name: 'People' }).click();
    await page.getByRole('checkbox', { name: 'First read: Find nodules' }).check();
    await page.getByText('Opinion before the answer').first().waitFor();
    await page
      .getByLabel('Signatures: Find nodules')
      .selectOption({ label: 'Two people' });
    await page.reload();
    const box = page.getByRole('checkbox', { name: 'First read: Find nodules' });
    await box.waitFor();
    if (!(await box.isChecked())) throw new Error('it was not kept');
  });
  await axe('people');
  await step('no view of patients is offered', async () => {
    const links = await page.getByRole('navigation').getByRole('link').allInnerTexts();
    if (links.some((link) => /Worklist|Scans|Audit/.test(link))) {
      throw new Error(links.join(', '));
    }
    await page.goto(`${facts.url}#/scans`);
    await page.getByText('Your account has no role for this view').waitFor();
  });
});
