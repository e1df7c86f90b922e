/** Mask: what a reader paints, stroke by stroke; each can be taken back. */

import { type Frame, type Plane, LIES, offsetOf } from './planes';
import { inverse, toWorld, type Three, voxelMl } from './space';

/** One stroke of the brush or the eraser: a disc, or a ball, drawn along places. */
export interface Stroke {
  readonly isBrush: boolean; // else the eraser
  readonly plane: Plane;
  readonly radiusMm: number;
  readonly isBall: boolean;
  readonly places: readonly Three[]; // RAS+ mm
}

export interface Painted {
  readonly base: Uint8Array<ArrayBuffer>; // as it was before the first stroke
  readonly now: Uint8Array<ArrayBuffer>;
  readonly strokes: readonly Stroke[];
  readonly undone: readonly Stroke[];
}

export function unpainted(base: Uint8Array<ArrayBuffer>): Painted {
  return { base, now: base.slice(), strokes: [], undone: [] };
}

/** Begin from a base with strokes that were drawn before. */
export function repainted(
  frame: Frame,
  base: Uint8Array<ArrayBuffer>,
  strokes: readonly Stroke[],
): Painted {
  const now = base.slice();
  for (const stroke of strokes) {
    apply(frame, now, stroke, stroke.places);
  }
  return { base, now, strokes, undone: [] };
}

/** Draw a part of a stroke that is being drawn, in place; it is kept by `finished`. */
export function drawn(frame: Frame, painted: Painted, part: Stroke): void {
  apply(frame, painted.now, part, part.places);
}

/** Keep a stroke that was drawn to its end. */
export function finished(painted: Painted, stroke: Stroke): Painted {
  return { ...painted, strokes: [...painted.strokes, stroke], undone: [] };
}

export function undone(frame: Frame, painted: Painted): Painted {
  const last = painted.strokes.at(-1);
  if (last === undefined) {
    return painted;
  }
  const before = repainted(frame, painted.base, painted.strokes.slice(0, -1));
  return { ...before, undone: [...painted.undone, last] };
}

export function redone(frame: Frame, painted: Painted): Painted {
  const next = painted.undone.at(-1);
  if (next === undefined) {
    return painted;
  }
  drawn(frame, painted, next);
  const strokes = [...painted.strokes, next];
  return { ...painted, strokes, undone: painted.undone.slice(0, -1) };
}

/** Return a mask's volume, in ml. */
export function maskMl(frame: Frame, mask: Uint8Array): number {
  let count = 0;
  for (const value of mask) {
    count += value;
  }
  return count * voxelMl(frame.grid.affine);
}

/** Pack a mask as the desk takes it: one byte a voxel, the first axis fastest. */
export async function packed(mask: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const stream = new Blob([mask]).stream().pipeThrough(new CompressionStream('gzip'));
  return await new Response(stream).blob();
}

function apply(
  frame: Frame,
  mask: Uint8Array,
  stroke: Stroke,
  places: readonly Three[],
): void {
  const value = stroke.isBrush ? 1 : 0;
  let last: Three | null = null;
  for (const place of places) {
    for (const mm of between(last ?? place, place, stroke.radiusMm)) {
      stamp(frame, mask, stroke, mm, value);
    }
    last = place;
  }
}

/** Places from one to another, close enough that their discs leave no gap. */
function between(from: Three, to: Three, radiusMm: number): Three[] {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
  const steps = Math.max(1, Math.ceil(length / Math.max(radiusMm / 2, 0.25)));
  return Array.from({ length: steps }, (_, n) => {
    const share = (n + 1) / steps;
    return [
      from[0] + (to[0] - from[0]) * share,
      from[1] + (to[1] - from[1]) * share,
      from[2] + (to[2] - from[2]) * share,
    ] as const;
  });
}

/** Every voxel whose centre lies in the disc, or the ball; the one that is hit always. */
function stamp(
  frame: Frame,
  mask: Uint8Array,
  stroke: Stroke,
  mm: Three,
  value: number,
): void {
  const { shape } = frame.grid;
  const at = toWorld(frame.back, mm);
  const flat = stroke.isBall ? -1 : frame.axes.axis[LIES[stroke.plane].through];
  const reach = reachOf(frame, stroke.radiusMm);
  const range = [0, 1, 2].map((axis) => {
    const middle = Math.round(at[axis as 0 | 1 | 2]);
    const far = axis === flat ? 0 : (reach[axis] ?? 0);
    const last = (shape[axis as 0 | 1 | 2] ?? 1) - 1;
    return {
      middle,
      from: Math.max(0, middle - far),
      to: Math.min(last, middle + far),
    };
  });
  const [i, j, k] = range as [Range, Range, Range];
  const most = stroke.radiusMm ** 2;
  for (let z = k.from; z <= k.to; z += 1) {
    for (let y = j.from; y <= j.to; y += 1) {
      for (let x = i.from; x <= i.to; x += 1) {
        const isHit = x === i.middle && y === j.middle && z === k.middle;
        if (isHit || distance2(frame, at, [x, y, z], flat) <= most) {
          mask[offsetOf(shape, [x, y, z])] = value;
        }
      }
    }
  }
}

interface Range {
  readonly middle: number;
  readonly from: number;
  readonly to: number;
}

function distance2(frame: Frame, at: Three, voxel: Three, flat: number): number {
  const step = [0, 1, 2].map((axis) =>
    axis === flat ? 0 : (voxel[axis as 0 | 1 | 2] ?? 0) - (at[axis as 0 | 1 | 2] ?? 0),
  );
  const a = frame.grid.affine;
  let sum = 0;
  for (const row of [0, 4, 8]) {
    const part =
      (a[row] ?? 0) * (step[0] ?? 0) +
      (a[row + 1] ?? 0) * (step[1] ?? 0) +
      (a[row + 2] ?? 0) * (step[2] ?? 0);
    sum += part * part;
  }
  return sum;
}

/** How many voxels a radius reaches along each axis, sheared grids included. */
function reachOf(frame: Frame, radiusMm: number): number[] {
  const back = inverse(frame.grid.affine);
  return [0, 4, 8].map((row) =>
    Math.ceil(
      radiusMm * Math.hypot(back[row] ?? 0, back[row + 1] ?? 0, back[row + 2] ?? 0),
    ),
  );
}
