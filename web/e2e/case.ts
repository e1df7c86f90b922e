// What journeys through a case share.

import type { Page } from 'playwright-core';

export const VIEWS = ['Compare', 'Certainty', 'Why', 'Origin', 'Decide'] as const;

/** Open a view of a case by its address, and wait until all of the picture is there. */
export async function openCase(
  page: Page,
  url: string,
  result: unknown,
  view = 'compare',
): Promise<void> {
  await page.goto(`${url}#/case/${String(result)}/${view}`);
  await page.getByRole('navigation', { name: 'Questions about this case' }).waitFor();
}

export async function whole(page: Page): Promise<void> {
  await page.locator('[data-quality=full]').waitFor();
  // What came last is drawn with the next picture of the screen.
  await page.evaluate(
    () =>
      new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
}

/** Ask the desk something as the page would, past the page. */
export async function ask(
  page: Page,
  path: string,
): Promise<{ status: number; told: unknown }> {
  return page.evaluate(async (address) => {
    const response = await fetch(address);
    return { status: response.status, told: await response.json() };
  }, path);
}

/** Return where a share of a picture lies on the screen. */
export async function spotOn(
  page: Page,
  plane: string,
  across: number,
  down: number,
): Promise<{ x: number; y: number }> {
  const box = await page.locator(`canvas[data-plane=${plane}]`).first().boundingBox();
  if (!box) throw new Error(`there is no ${plane} picture`);
  return { x: box.x + across * box.width, y: box.y + down * box.height };
}

export function expect(holds: boolean, words: string): void {
  if (!holds) throw new Error(words);
}
