// The auditor finds a case, reads its story, has the record verified, takes it out.

import { readFileSync } from 'node:fs';
import { journey, signIn } from './browser.ts';

await journey('auditor', async ({ page, facts, step, axe }) => {
  const name = String(facts['case']);
  await step('the record is there', async () => {
    await page.goto(facts.url);
    await signIn(page, 'iris', facts.word);
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
    await page.getByRole('heading', { name: 'Entries' }).waitFor();
  });
  await axe('the record');
  await step('a case is found, and its story told', async () => {
    await page.getByLabel('Case').fill(name);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('heading', { name: `The story of ${name}` }).waitFor();
    await page
      .getByText(/brought a scan in/)
      .first()
      .waitFor();
    await page
      .getByText(/kept what came of it/)
      .first()
      .waitFor();
  });
  await step('an entry shows its digests', async () => {
    await page
      .getByText(/kept what came of it/)
      .first()
      .click();
    const entry = page.locator('li details[open]');
    await entry.getByText('Digest of the output').waitFor();
  });
  await axe('a story');
  await step('the record is verified, and found as it should be', async () => {
    await page.getByRole('button', { name: 'Check it now' }).click();
    const bad = facts['bad'];
    const words =
      bad === undefined
        ? /Sound: all \d+ entries are as they were written/
        : new RegExp(`Not sound: entry ${Number(bad)} is the first`);
    await page.getByText(words).waitFor();
  });
  if (facts['bad'] !== undefined) return;
  await step('the record is taken out as a file that proves itself', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export the record' }).click(),
    ]);
    const record = JSON.parse(readFileSync(await download.path(), 'utf8')) as {
      checkpoint: { count: number; signature: string };
    };
    if (!record.checkpoint.signature) throw new Error('it carries no signature');
  });
  await step('what the record has nothing of is said', async () => {
    await page.getByLabel('Case').fill('nobody');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('The record has nothing of this').waitFor();
  });
});
