// Every view of a case in both themes and on a phone: axe, nothing cut off, a picture.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, openCase } from './case.ts';
import { journey, signIn } from './browser.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

await journey('looks', async ({ page, facts, step, axe }) => {
  const out = String(facts['pictures']);
  mkdirSync(out, { recursive: true });
  await page.goto(facts.url);
  await signIn(page, 'anna', facts.word);
  for (const [verb, result] of Object.entries(facts['results'] as object)) {
    for (const view of ['compare', 'certainty', 'why', 'origin', 'decide']) {
      await openCase(page, facts.url, result, view);
      await page
        .locator('nav[aria-label^=Questions] ~ :not([role=status])')
        .first()
        .waitFor();
      await page.waitForTimeout(300);
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const size of SIZES) {
          await page.setViewportSize(size);
          await page.waitForTimeout(150);
          const name = `${verb}-${view}-${colorScheme}-${size.width}`;
          await page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
          await step(`nothing is cut off in ${name}`, async () => {
            const wide = await page.evaluate(
              () => document.documentElement.scrollWidth,
            );
            expect(wide <= size.width, `the page is ${wide} pixels wide`);
          });
        }
        await axe(`${verb}, ${view}, ${colorScheme}`);
      }
    }
  }
});
