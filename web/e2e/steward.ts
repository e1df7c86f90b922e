// The steward drops files of a scan, asks for work, follows it, and takes it back.

import { fileOf, journey, signIn } from './browser.ts';

await journey('steward', async ({ page, facts, step, axe }) => {
  const zip = { name: 'series.zip', mimeType: 'application/zip' };
  await step('an empty project says what to do', async () => {
    await page.goto(facts.url);
    await signIn(page, 'stella', facts.word);
    await page.getByText('No scan has come in yet').waitFor();
  });
  await axe('no scans');
  await step('the files of a series are packed, sent, read and kept', async () => {
    const files = facts['files'] as string[];
    await page.locator('input[data-picks=file]').setInputFiles(files);
    await page.getByText('One scan is here').waitFor();
    await page.getByRole('heading', { name: 'What has come in' }).waitFor();
  });
  await step('the same scan is named, and not kept twice', async () => {
    const buffer = fileOf(facts, 'zip');
    await page.locator('input[data-picks=file]').setInputFiles({ ...zip, buffer });
    await page.getByText('1 of them are here already').waitFor();
    const cases = await page.locator('ul.scans > li').count();
    if (cases !== 1) throw new Error(`${cases} scans are listed`);
  });
  await step('what is no scan is refused in words', async () => {
    const buffer = Buffer.from('this is no zip');
    await page.locator('input[data-picks=file]').setInputFiles({ ...zip, buffer });
    await page.getByText('This was not taken in').waitFor();
  });
  await axe('scans');
  await step('a NIfTI is asked what it is', async () => {
    const buffer = fileOf(facts, 'nifti');
    const nifti = { name: 'scan.nii.gz', mimeType: 'application/gzip', buffer };
    await page.locator('input[data-picks=file]').setInputFiles(nifti);
    await page.getByText('This file does not say what it is').waitFor();
    await page.getByLabel('Modality').selectOption('MR');
    await page.getByLabel('Contrast').selectOption('FLAIR');
    await page.getByRole('button', { name: 'Send it' }).click();
    await page.locator('ul.scans > li').nth(1).waitFor();
  });
  await step('who the patient is is shown when asked', async () => {
    await page.getByRole('button', { name: 'Who is it?' }).last().click();
    await page.getByText('is on the record').waitFor();
    await page.keyboard.press('Escape');
  });
  await step('work is asked for, and given up', async () => {
    await page.getByRole('button', { name: 'Ask for work' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /Denoise/ }).check();
    await dialog.getByLabel('Look').selectOption('sharp');
    await dialog.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled').waitFor();
  });
  await step('it is asked for again, with a reason', async () => {
    await page.getByRole('button', { name: 'Try again' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').selectOption('mistake');
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await page
      .getByText(/Waiting|Running/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled').waitFor();
  });
  await step('without the desk the page says so, and is back by itself', async () => {
    await page.context().setOffline(true);
    await page.getByText(/^Offline\./).waitFor();
    await page.getByRole('heading', { name: 'What has come in' }).waitFor();
    await page.context().setOffline(false);
    await page.getByText(/^Offline\./).waitFor({ state: 'detached' });
  });
});
