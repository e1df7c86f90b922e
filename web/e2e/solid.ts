// 3-D, and what is left where the browser has none.

import { expect, openCase, whole } from './case.ts';
import { journey, signIn } from './browser.ts';

await journey(
  'solid',
  async ({ page, facts, step, axe }) => {
    await step('a volume stands in its room', async () => {
      await page.goto(facts.url);
      await signIn(page, 'anna', facts.word);
      await openCase(page, facts.url, facts['result']);
      await whole(page);
      await page.getByLabel('Show').selectOption('solid');
      const room = page.locator('canvas[data-pane=solid]');
      await room.waitFor();
      await page.getByText('Building the room').waitFor({ state: 'detached' });
      await page.locator('canvas[data-pane=solid][data-outlined]').waitFor();
      await room.screenshot({ path: String(facts['picture']) });
      await room.focus();
      await page.keyboard.press('ArrowLeft');
    });
    await axe('3-D');
    await step(
      'without WebGL the planes work, and 3-D says why it does not',
      async () => {
        await page.addInitScript(() => {
          const real = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (
            this: HTMLCanvasElement,
            kind: string,
            ...more: unknown[]
          ) {
            if (kind.startsWith('webgl')) return null;
            return Reflect.apply(real, this, [kind, ...more]) as never;
          } as typeof real;
        });
        await page.reload();
        await whole(page);
        const label = page.locator('canvas[data-plane=axial]').first();
        expect(
          /cut \d+ of \d+/.test((await label.getAttribute('aria-label')) ?? ''),
          'no cut',
        );
        await page.getByLabel('Show').selectOption('solid');
        await page.getByText('This browser cannot draw in 3-D').waitFor();
        await page.getByLabel('Show').selectOption('all');
        await label.waitFor();
      },
    );
  },
  { webgl: true },
);
