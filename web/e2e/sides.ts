// Sides: each plane of each scan as the screen shows it, and the letters that stand on it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCase, whole } from './case.ts';
import { journey, signIn } from './browser.ts';

const PLANES = ['axial', 'coronal', 'sagittal'];
const UP = 0.75; // along each plane, from the feet, the back, the left

await journey('sides', async ({ page, facts, step }) => {
  const out = String(facts['pictures']);
  mkdirSync(out, { recursive: true });
  await page.addInitScript(() => {
    // Every letter that is written on a picture, and where.
    const real = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      const plane = this.canvas.dataset['plane'];
      const pane = this.canvas.dataset['pane'] ?? '';
      if (plane && text.length === 1) {
        const kept = (this.canvas.dataset['letters'] ?? '{}') as string;
        const told = { ...JSON.parse(kept), [text]: [x, y] };
        this.canvas.dataset['letters'] = JSON.stringify({ ...told, pane: pane.length });
      }
      real.call(this, text, x, y);
    };
  });
  await page.goto(facts.url);
  await signIn(page, 'anna', facts.word);
  for (const [lie, result] of Object.entries(facts['results'] as object)) {
    await step(`${lie} is seen in three planes`, async () => {
      await openCase(page, facts.url, result);
      await page.locator('canvas[data-plane=axial]').first().waitFor();
      await whole(page);
      for (const plane of PLANES) {
        const slider = page.locator(`#cut-${plane}`);
        const last = Number(await slider.getAttribute('max'));
        await slider.fill(String(Math.round(UP * last)));
      }
      await whole(page);
      const letters: Record<string, unknown> = {};
      for (const plane of PLANES) {
        for (const pane of ['before', 'after']) {
          const canvas = page.locator(`canvas[data-plane=${plane}][data-pane=${pane}]`);
          await canvas.screenshot({ path: join(out, `${lie}-${plane}-${pane}.png`) });
          letters[`${plane}-${pane}`] = JSON.parse(
            (await canvas.getAttribute('data-letters')) ?? '{}',
          );
        }
      }
      writeFileSync(join(out, `${lie}.json`), JSON.stringify(letters));
    });
  }
});
