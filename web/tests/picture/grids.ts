/** Grids and volumes to test with: every way a scan may lie, and leaning ones. */

import type { Values, Volume } from '../../src/lib/picture/nifti';
import type { Affine, Grid, Three } from '../../src/lib/picture/space';

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;
const SIGNS = [0, 1, 2, 3, 4, 5, 6, 7].map(
  (n) => [n & 1 ? -1 : 1, n & 2 ? -1 : 1, n & 4 ? -1 : 1] as const,
);

/** All 48 ways in which voxel axes may run along those of the body. */
export function* everyGrid(shape: Three, spacing: Three): Generator<Grid> {
  for (const order of ORDERS) {
    for (const sign of SIGNS) {
      const affine = new Array<number>(12).fill(0);
      order.forEach((axis, body) => {
        affine[4 * body + axis] = (sign[body] ?? 1) * (spacing[axis] ?? 1);
        affine[4 * body + 3] = 17 - 9 * body;
      });
      yield { shape, affine };
    }
  }
}

/** A grid turned about the body's front and then its head, in degrees. */
export function turned(grid: Grid, aboutY: number, aboutZ: number): Grid {
  const [a, b] = [(aboutY * Math.PI) / 180, (aboutZ * Math.PI) / 180];
  const y = [Math.cos(a), 0, Math.sin(a), 0, 1, 0, -Math.sin(a), 0, Math.cos(a)];
  const z = [Math.cos(b), -Math.sin(b), 0, Math.sin(b), Math.cos(b), 0, 0, 0, 1];
  return { shape: grid.shape, affine: times(z, times(y, grid.affine)) };
}

export function volumeOf(
  grid: Grid,
  of: (i: number, j: number, k: number) => number,
): Volume {
  const [ni, nj, nk] = grid.shape;
  const stored: Values = new Float32Array(ni * nj * nk);
  for (let k = 0; k < nk; k += 1) {
    for (let j = 0; j < nj; j += 1) {
      for (let i = 0; i < ni; i += 1) {
        stored[i + ni * (j + nj * k)] = of(i, j, k);
      }
    }
  }
  return { grid, stored, slope: 1, intercept: 0, hasSides: true };
}

function times(turn: readonly number[], affine: Affine): Affine {
  const found: number[] = [];
  for (const row of [0, 1, 2]) {
    for (const column of [0, 1, 2, 3]) {
      found.push(
        [0, 1, 2].reduce(
          (sum, n) => sum + (turn[3 * row + n] ?? 0) * (affine[4 * n + column] ?? 0),
          0,
        ),
      );
    }
  }
  return found;
}
