// Line: the downloads of one case, in the order in which they are worth waiting for.
//
// A slow line that is shared by all of them shows none of them soon. Previews come one
// after another, the first that was asked for first; full volumes, one after another
// too, begin when no preview is missing.

import type { Quality } from './fetching';

export interface Line {
  /** Fetch, when it is its turn. */
  take<T>(quality: Quality, fetch: () => Promise<T>): Promise<T>;
}

/** Make the line of a case. */
export function lineOf(): Line {
  const last: Record<Quality, Promise<unknown>> = {
    preview: Promise.resolve(),
    full: Promise.resolve(),
  };
  let previews = 0; // under way, or waiting
  let ready: (() => void)[] = [];

  async function taken<T>(quality: Quality, fetch: () => Promise<T>): Promise<T> {
    const before = last[quality];
    if (quality === 'preview') previews += 1;
    try {
      await before;
      while (quality === 'full' && previews > 0) {
        await new Promise<void>((done) => ready.push(done));
      }
      return await fetch();
    } finally {
      if (quality === 'preview') previews -= 1;
      if (previews === 0) {
        for (const go of ready) go();
        ready = [];
      }
    }
  }
  return {
    take: (quality, fetch) => {
      const mine = taken(quality, fetch);
      last[quality] = mine.catch(() => undefined); // who failed holds nobody up
      return mine;
    },
  };
}
