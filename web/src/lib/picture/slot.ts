// Slot: one volume of a case, its preview first and then all of it.

import { Refusal, SignedOut, Unreachable } from '../api';
import { net } from '../net.svelte';
import { fetchVolume, type Fetched, type Progress, type Quality } from './fetching';
import type { Line } from './line';
import { UnreadableError, type Volume } from './nifti';
import { frameOf, type Frame } from './planes';

export interface Slot {
  /** The best there is; undefined before anything has come. */
  readonly volume: Volume | undefined;
  readonly frame: Frame | undefined;
  readonly quality: Quality | undefined;
  /** How far the full volume is, from 0 to 1; undefined while it is not on its way. */
  readonly share: number | undefined;
  readonly error: unknown;
  /** Have the preview fetched, and resolve when there is a picture. */
  see(): Promise<void>;
  /** Have all of it fetched. */
  seeAll(): Promise<void>;
}

/**
 * Tells whoever looks at slots that one has changed.
 *
 * A slot is made where it is first looked at, which may be while a page is drawn; what is
 * made there would not be heard there. So all slots of a case share one bell of the case's.
 */
export interface Bell {
  /** Note that somebody looks. */
  hear(): void;
  ring(): void;
}

const STEPS = 50; // of the progress of one volume: the page is not drawn more often

/** Make a slot for a volume at an address of the desk, which says the quality. */
export function slotOf(
  address: (quality: Quality) => string,
  signal: AbortSignal,
  bell: Bell,
  line: Line,
): Slot {
  let fetched: Fetched | undefined;
  let frame: Frame | undefined;
  let share: number | undefined;
  let error: unknown;
  const asked = new Map<Quality, Promise<void>>();

  async function fetchOnce(quality: Quality): Promise<void> {
    await Promise.resolve(); // whoever asks while a page is drawn does not ring
    error = undefined;
    if (quality === 'full') share = 0;
    bell.ring();
    try {
      const fetch = (): Promise<Fetched> =>
        fetchVolume(address(quality), signal, told(quality));
      keep(await line.take(quality, fetch));
    } catch (caught) {
      asked.delete(quality);
      if (signal.aborted || caught instanceof SignedOut) return;
      if (!isExpected(caught)) throw caught;
      error = caught;
      if (caught instanceof Unreachable && !net.online) whenBack(quality);
    } finally {
      if (quality === 'full') share = undefined;
      bell.ring();
    }
  }
  function keep(found: Fetched): void {
    if (fetched?.quality === 'full') return; // the preview came late
    fetched = found;
    frame = frameOf(found.volume.grid);
  }
  function told(quality: Quality): (progress: Progress) => void {
    return ({ got, total }) => {
      if (quality !== 'full' || !total) return;
      const next = Math.floor((STEPS * got) / total) / STEPS;
      if (next === share) return;
      share = next;
      bell.ring();
    };
  }
  function whenBack(quality: Quality): void {
    const timer = setInterval(() => {
      if (net.online || signal.aborted) clearInterval(timer);
      if (net.online && !signal.aborted) void see(quality);
    }, 500);
  }
  function see(quality: Quality): Promise<void> {
    if (fetched?.quality === 'full') return Promise.resolve();
    if (quality === 'preview' && fetched) return Promise.resolve();
    const before = asked.get(quality);
    if (before) return before;
    const now = fetchOnce(quality);
    asked.set(quality, now);
    return now;
  }
  return {
    get volume() {
      bell.hear();
      return fetched?.volume;
    },
    get frame() {
      bell.hear();
      return frame;
    },
    get quality() {
      bell.hear();
      return fetched?.quality;
    },
    get share() {
      bell.hear();
      return share;
    },
    get error() {
      bell.hear();
      return error;
    },
    see: () => see('preview'),
    seeAll: () => see('full'),
  };
}

function isExpected(caught: unknown): boolean {
  return (
    caught instanceof Refusal ||
    caught instanceof Unreachable ||
    caught instanceof UnreadableError
  );
}
