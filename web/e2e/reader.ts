// The reader's worklist: filtered, walked by keyboard, live; and every view's look for axe.

import { journey, signIn } from './browser.ts';

await journey('reader', async ({ page, facts, step, axe }) => {
  await step('what waits is listed, and says that nobody has reviewed it', async () => {
    await page.goto(facts.url);
    await signIn(page, 'anna', facts.word);
    await page
      .getByRole('link', { name: String(facts['case']) })
      .first()
      .waitFor();
    await page.getByText('AI result, not yet reviewed').first().waitFor();
  });
  await axe('the worklist');
  await step('the keyboard walks it and opens a case', async () => {
    await page.locator('main').focus();
    await page.keyboard.press('j');
    const focused = page.locator('a[data-result]:focus');
    await focused.waitFor();
    const address = await focused.getAttribute('href');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.hash === address);
    await page.goBack();
  });
  await step('a choice that fits nothing can be undone', async () => {
    const verbs = page.getByLabel('What was done');
    const rows = page.locator('tbody tr');
    await rows.first().waitFor();
    const all = await rows.count();
    await verbs.selectOption({ index: 1 });
    if (!((await rows.count()) <= all)) throw new Error('a filter adds rows');
    await verbs.selectOption({ index: 0 });
  });
  await step('both themes hold, and a phone has everything', async () => {
    await page.getByRole('button', { name: 'anna', exact: true }).click();
    await page.getByRole('radio', { name: 'Light' }).check();
    await page.keyboard.press('Escape');
  });
  await axe('the worklist in the light theme');
  await step('on a phone nothing is cut off', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > 390) throw new Error(`the page is ${wide} pixels wide`);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('navigation').getByRole('link', { name: 'Learn' }).click();
    await page.getByRole('heading', { name: /^Learn/, level: 1 }).waitFor();
  });
  await axe('the course on a phone');
});
