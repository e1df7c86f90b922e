// The learner cannot sign before the course, takes it, and can after.

import type { Page } from 'playwright-core';
import { journey, signIn } from './browser.ts';

/** Ask the desk as the page would, and return the status of its answer. */
async function asked(page: Page, path: string, body: object): Promise<number> {
  return page.evaluate(
    async ([address, words]) => {
      const now = (await (await fetch('api/session')).json()) as { csrf: string };
      const answer = await fetch(address ?? '', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Vesalius-CSRF': now.csrf },
        body: words ?? '',
      });
      return answer.status;
    },
    [path, JSON.stringify(body)] as const,
  );
}

await journey('learner', async ({ page, facts, step, axe }) => {
  const result = String(facts['result']);
  const digest = String(facts['digest']);
  const signature = { digest, password: facts.word };
  const right = facts['right'] as Record<string, string>;
  await step('signing is refused before the course', async () => {
    await page.goto(facts.url);
    await signIn(page, 'lena', facts.word);
    for (const act of ['show', 'accept']) {
      const status = await asked(page, `api/reviews/${result}/${act}`, { digest });
      if (status !== 200) throw new Error(`${act}: ${status}`);
    }
    const status = await asked(page, `api/reviews/${result}/sign`, signature);
    if (status !== 409) throw new Error(`signing answers ${status}`);
  });
  await step('the course is read by keyboard to its end', async () => {
    await page.getByRole('link', { name: 'Learn' }).click();
    await page.getByText('Needed before you sign').waitFor();
    for (let part = 1; part <= 12; part++) {
      await page.getByText(`Part ${part} of 13`).waitFor();
      const words = await page.locator('article').innerText();
      if (/\{\w+\}/.test(words)) throw new Error(`part ${part} has an empty place`);
      const pictures = page.locator('article img');
      for (const picture of await pictures.all()) {
        await picture.evaluate((image: HTMLImageElement) => image.decode());
      }
      await page.keyboard.press('ArrowRight');
    }
    await page.getByRole('heading', { name: 'The test' }).waitFor();
  });
  await axe('the test');
  await step('wrong answers are named, and the record keeps no pass', async () => {
    for (const [question, choice] of Object.entries(right)) {
      const others = page.locator(`input[name="${question}"]:not([value="${choice}"])`);
      await others.first().check();
    }
    await page.getByRole('button', { name: 'Hand it in' }).click();
    await page.getByText('Not passed').waitFor();
    await page.getByRole('link', { name: 'Look at its part again' }).first().click();
    await page.getByText('Part 3 of 13').waitFor();
  });
  await axe('a part of the course');
  await step('right answers pass', async () => {
    await page.getByRole('link', { name: 'To the test' }).click();
    for (const [question, choice] of Object.entries(right)) {
      await page.locator(`input[name="${question}"][value="${choice}"]`).check();
    }
    await page.getByRole('button', { name: 'Hand it in' }).click();
    await page.getByText('Passed. If your account').waitFor();
  });
  await step('and now the signature is taken', async () => {
    const status = await asked(page, `api/reviews/${result}/sign`, signature);
    if (status !== 200) throw new Error(`signing answers ${status}`);
  });
});
