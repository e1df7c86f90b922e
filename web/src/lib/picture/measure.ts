/** Measure: lengths in mm, balls in ml, and what is inside them. */

import { type Volume, valueAt } from './nifti';
import { type Frame, offsetOf, voxelAt } from './planes';
import { toWorld, type Three } from './space';

export interface Ruler {
  readonly kind: 'length';
  readonly from: Three;
  readonly to: Three;
}

export interface Ball {
  readonly kind: 'ball';
  readonly centre: Three;
  readonly edge: Three;
}

export type Measured = Ruler | Ball;

export interface Inside {
  readonly mean: number;
  readonly deviation: number;
  readonly voxels: number;
}

export function lengthMm(from: Three, to: Three): number {
  return Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
}

/** Return the volume of a ball, in ml. */
export function ballMl(ball: Ball): number {
  return ((4 / 3) * Math.PI * lengthMm(ball.centre, ball.edge) ** 3) / 1000;
}

/** Return mean and standard deviation of the voxels whose centre is in a ball. */
export function insideOf(frame: Frame, volume: Volume, ball: Ball): Inside | null {
  const radius = lengthMm(ball.centre, ball.edge);
  const middle = toWorld(frame.back, ball.centre);
  const { shape } = frame.grid;
  const ends = [0, 1, 2].map((axis) => {
    const at = axis as 0 | 1 | 2;
    const row = 4 * axis;
    const reach =
      radius *
      Math.hypot(
        frame.back[row] ?? 0,
        frame.back[row + 1] ?? 0,
        frame.back[row + 2] ?? 0,
      );
    return [
      Math.max(0, Math.ceil(middle[at] - reach)),
      Math.min(shape[at] - 1, Math.floor(middle[at] + reach)),
    ] as const;
  }) as unknown as readonly [Ends, Ends, Ends];
  const values: number[] = [];
  for (let k = ends[2][0]; k <= ends[2][1]; k += 1) {
    for (let j = ends[1][0]; j <= ends[1][1]; j += 1) {
      for (let i = ends[0][0]; i <= ends[0][1]; i += 1) {
        const mm = toWorld(frame.grid.affine, [i, j, k]);
        if (lengthMm(mm, ball.centre) <= radius) {
          values.push(valueAt(volume, offsetOf(shape, [i, j, k])));
        }
      }
    }
  }
  return values.length ? summed(values) : null;
}

/** Return the intensity at a place; null outside the volume. */
export function intensityAt(frame: Frame, volume: Volume, mm: Three): number | null {
  const voxel = voxelAt(frame, mm);
  return voxel === null ? null : valueAt(volume, offsetOf(frame.grid.shape, voxel));
}

type Ends = readonly [number, number];

function summed(values: readonly number[]): Inside {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length), voxels: values.length };
}
