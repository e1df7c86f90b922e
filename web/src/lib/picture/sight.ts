/** Sight: how much of a cut is seen, and where; from its millimetres to the screen. */

import type { Spot } from './planes';

/** The spot in the middle of the screen, and how often the cut's fitting size. */
export interface Sight {
  readonly u: number;
  readonly w: number;
  readonly zoom: number;
}

export interface Screen {
  readonly width: number;
  readonly height: number;
}

/** Pixels a millimetre, and the spot in the upper left corner. */
export interface Shown {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export const CLOSEST = 16;
const ROOM = 0.98; // of the screen

export function whole(size: Spot): Sight {
  return { u: size.u / 2, w: size.w / 2, zoom: 1 };
}

export function shownOf(sight: Sight, size: Spot, screen: Screen): Shown {
  const fits = Math.min(screen.width / size.u, screen.height / size.w) * ROOM;
  const scale = fits * sight.zoom;
  return {
    scale,
    left: sight.u - screen.width / 2 / scale,
    top: sight.w - screen.height / 2 / scale,
  };
}

export function toScreen(shown: Shown, spot: Spot): readonly [number, number] {
  return [(spot.u - shown.left) * shown.scale, (spot.w - shown.top) * shown.scale];
}

export function fromScreen(shown: Shown, x: number, y: number): Spot {
  return { u: shown.left + x / shown.scale, w: shown.top + y / shown.scale };
}

/** Come closer or go back; the spot under the hand stays under it. */
export function zoomed(sight: Sight, by: number, at: Spot, size: Spot): Sight {
  const zoom = Math.min(CLOSEST, Math.max(1, sight.zoom * by));
  const share = sight.zoom / zoom;
  return kept(
    { u: at.u + (sight.u - at.u) * share, w: at.w + (sight.w - at.w) * share, zoom },
    size,
  );
}

/** Move what is seen, in mm; some of the cut stays in sight. */
export function panned(sight: Sight, du: number, dw: number, size: Spot): Sight {
  return kept({ ...sight, u: sight.u + du, w: sight.w + dw }, size);
}

function kept(sight: Sight, size: Spot): Sight {
  if (sight.zoom === 1) {
    return whole(size);
  }
  const within = (n: number, most: number): number => Math.min(most, Math.max(0, n));
  return { ...sight, u: within(sight.u, size.u), w: within(sight.w, size.w) };
}
