// A case over a slow line: how soon there is a picture, how fast its cuts change, and
// how many bytes it takes. Called by benchmarks/slow_line.py, which reads the last line.

import type { CDPSession, Page } from 'playwright-core';
import { journey, signIn } from './browser.ts';
import { VIEWS } from './case.ts';

const MEGABIT = 1e6 / 8;
const GREYS = 32; // a picture of a body has more; letters and a cross on black have less
const STEPS = 60;
const REST_MS = 40;
const PATIENCE_MS = 400_000;

interface Meter {
  readonly bytes: () => number;
}

await journey('slow', async ({ page, facts, step }) => {
  const line = await page.context().newCDPSession(page);
  const meter = await slowed(
    line,
    Number(facts['megabits']),
    Number(facts['delay_ms']),
  );
  const told: Record<string, unknown> = {};
  await step('signing in', async () => {
    await page.goto(facts.url);
    await signIn(page, String(facts['name']), facts.word);
    await page.locator('a[data-result]').first().waitFor();
    await page.waitForLoadState('networkidle').catch(() => undefined);
    told['page_bytes'] = meter.bytes();
  });
  const before = meter.bytes();
  await step('a picture', async () => {
    await watch(page);
    await page.locator('a[data-result]').first().click();
    told['picture'] = await seen(page);
    told['picture_bytes'] = meter.bytes() - before;
    told['preview_ms'] = await asked(page);
  });
  await step('cuts, while the rest is on its way', async () => {
    told['cuts_meanwhile_ms'] = await cuts(page);
  });
  await step('all of it', async () => {
    await page.locator('[data-quality=full]').waitFor({ timeout: PATIENCE_MS });
    told['whole_s'] = (await sinceOpened(page)) / 1000;
    told['whole_bytes'] = meter.bytes() - before;
  });
  await step('cuts, with all of it there', async () => {
    told['cuts_whole_ms'] = await cuts(page);
  });
  await step('the other questions', async () => {
    const questions = page.getByRole('navigation', {
      name: 'Questions about this case',
    });
    for (const name of VIEWS.slice(1)) {
      await questions.getByRole('link', { name, exact: true }).click();
      await page.waitForTimeout(1500);
    }
    told['read_bytes'] = meter.bytes() - before;
  });
  console.log(JSON.stringify(told));
});

/** Put the page on a slow line; count what comes through it. */
async function slowed(
  line: CDPSession,
  megabits: number,
  latency: number,
): Promise<Meter> {
  let bytes = 0;
  line.on('Network.dataReceived', (event) => (bytes += event.encodedDataLength));
  await line.send('Network.enable');
  await line.send('Network.emulateNetworkConditions', {
    offline: false,
    latency,
    downloadThroughput: megabits * MEGABIT,
    uploadThroughput: megabits * MEGABIT,
  });
  return { bytes: () => bytes };
}

interface Seen {
  opened?: number;
  found?: { ms: number; quality: string };
}

/** Note in the page when a case is opened, and when a picture of a body stands there. */
async function watch(page: Page): Promise<void> {
  await page.evaluate((greys) => {
    const noted: Seen = {};
    Object.assign(globalThis, { noted });
    addEventListener('click', () => (noted.opened ??= performance.now()), true);
    const look = (): void => {
      const canvas = document.querySelector<HTMLCanvasElement>(
        'canvas[data-plane=axial]',
      );
      const context = canvas?.width ? canvas.getContext('2d') : null;
      if (canvas && context && noted.opened !== undefined) {
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        const levels = new Set<number>();
        for (let at = 0; at < data.length; at += 4 * 7) levels.add(data[at] ?? 0);
        if (levels.size > greys) {
          const mark = document.querySelector<HTMLElement>('[data-quality]');
          const quality = mark?.dataset['quality'] ?? '';
          noted.found = { ms: performance.now() - noted.opened, quality };
          return;
        }
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, GREYS);
}

async function seen(page: Page): Promise<Seen['found']> {
  const handle = await page.waitForFunction(
    () => (globalThis as unknown as { noted: Seen }).noted.found,
    undefined,
    { polling: 50 },
  );
  return handle.jsonValue();
}

/** Return when the first preview was asked for, began to come, and was there. */
async function asked(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const { opened } = (globalThis as unknown as { noted: Seen }).noted;
    const entries = performance.getEntriesByType(
      'resource',
    ) as PerformanceResourceTiming[];
    const preview = entries.find(({ name }) => name.includes('quality=preview'));
    if (!preview || opened === undefined) return [];
    const { startTime, responseStart, responseEnd } = preview;
    return [startTime, responseStart, responseEnd].map((at) => at - opened);
  });
}

async function sinceOpened(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      performance.now() -
      ((globalThis as unknown as { noted: Seen }).noted.opened ?? 0),
  );
}

/** Change the axial cut so often; return how long each took to be on the screen. */
async function cuts(page: Page): Promise<number[]> {
  return page.evaluate(
    async ({ steps, rest }) => {
      const canvas = document.querySelector<HTMLCanvasElement>(
        'canvas[data-plane=axial]',
      );
      const context = canvas?.getContext('2d');
      if (!canvas || !context) throw new Error('there is no axial picture');
      const sum = (): number => {
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let at = 0; at < data.length; at += 4) {
          found = (found * 31 + (data[at] ?? 0)) % 1_000_000_007;
        }
        return found;
      };
      const spans: number[] = [];
      for (let number = 0; number < steps; number += 1) {
        const before = sum();
        const key = number % 20 < 10 ? 'ArrowUp' : 'ArrowDown';
        const begun = performance.now();
        canvas.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        do {
          await new Promise((done) => requestAnimationFrame(done));
          if (performance.now() - begun > 5000) throw new Error('the cut stays');
        } while (sum() === before);
        spans.push(performance.now() - begun);
        await new Promise((done) => setTimeout(done, rest));
      }
      return spans;
    },
    { steps: STEPS, rest: REST_MS },
  );
}
