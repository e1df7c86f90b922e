/** Sides and places: the same law for every way a scan may lie. */

import { describe, expect, it } from 'vitest';
import { outlined, painted } from '../../src/lib/picture/paint';
import {
  boxOf,
  countOf,
  cutOf,
  frameOf,
  indexAt,
  lettersOf,
  LIES,
  middleOf,
  moved,
  placeOf,
  PLANES,
  sizeOf,
  spotOf,
  voxelAt,
} from '../../src/lib/picture/planes';
import {
  axesOf,
  inverse,
  leanDeg,
  placeWords,
  spacingOf,
  toWorld,
  voxelMl,
} from '../../src/lib/picture/space';
import { everyGrid, turned, volumeOf } from './grids';

const SHAPE = [5, 6, 7] as const;
const SPACING = [1, 1.5, 2] as const;
const GRIDS = [...everyGrid(SHAPE, SPACING)];
const LEANING = GRIDS.map((grid) => turned(grid, 20, -25));

describe('space', () => {
  it('leads from voxels to millimetres and back', () => {
    for (const grid of [...GRIDS, ...LEANING]) {
      const back = inverse(grid.affine);
      toWorld(back, toWorld(grid.affine, [1, 2, 3])).forEach((n, axis) =>
        expect(n).toBeCloseTo([1, 2, 3][axis] ?? 0, 9),
      );
    }
  });

  it('keeps edges and volumes whichever way a grid is turned', () => {
    for (const grid of LEANING) {
      expect([...spacingOf(grid.affine)]).toEqual(
        SPACING.map((n) => expect.closeTo(n, 9)),
      );
      expect(voxelMl(grid.affine)).toBeCloseTo(0.003, 9);
      expect(leanDeg(grid.affine)).toBeGreaterThan(15);
    }
  });

  it('takes each voxel axis once', () => {
    for (const grid of [...GRIDS, ...LEANING]) {
      expect([...axesOf(grid.affine).axis].sort()).toEqual([0, 1, 2]);
    }
  });

  it('refuses a grid that spans no room', () => {
    expect(() => inverse(new Array<number>(12).fill(0))).toThrow(RangeError);
  });

  it('writes a place with its letters, and without where nobody knows the sides', () => {
    expect(placeWords([12.4, -40, 0], true)).toBe('R\u00a012, P\u00a040, S\u00a00');
    expect(placeWords([12.4, -40, 0], false)).toBe('x\u00a012, y\u00a0-40, z\u00a00');
  });
});

describe('sides', () => {
  it('puts right, front and head at the left and the top, in every plane', () => {
    for (const grid of [...GRIDS, ...LEANING]) {
      const frame = frameOf(grid);
      // The voxel furthest to the patient's right, front and head.
      const corner = [0, 1, 2].map((axis) => {
        const body = frame.axes.axis.findIndex((found) => found === axis);
        return (frame.axes.sign[body as 0 | 1 | 2] ?? 1) > 0
          ? (SHAPE[axis] ?? 1) - 1
          : 0;
      });
      const volume = volumeOf(grid, (i, j, k) =>
        i === corner[0] && j === corner[1] && k === corner[2] ? 1 : 0,
      );
      for (const plane of PLANES) {
        const cut = cutOf(frame, plane, countOf(frame, plane) - 1);
        const window = { low: 0, high: 1 };
        const pixels = painted(volume, cut, { kind: 'grey', window });
        expect(pixels[0]).toBe(255);
        expect(pixels.reduce((sum, n) => sum + (n === 255 ? 1 : 0), 0)).toBe(
          3 + cut.width * cut.height,
        );
      }
    }
  });

  it('says so with letters', () => {
    expect(lettersOf('axial')).toEqual(['R', 'L', 'A', 'P']);
    expect(lettersOf('coronal')).toEqual(['R', 'L', 'S', 'I']);
    expect(lettersOf('sagittal')).toEqual(['A', 'P', 'S', 'I']);
  });

  it('walks towards R, A and S', () => {
    for (const grid of GRIDS) {
      const frame = frameOf(grid);
      const from = middleOf(frame);
      for (const body of [0, 1, 2] as const) {
        expect(moved(frame, from, body, 1)[body]).toBeGreaterThan(from[body]);
        const last = moved(frame, from, body, 99);
        expect(voxelAt(frame, last)).not.toBeNull();
      }
    }
  });
});

describe('a spot on the screen', () => {
  it('is the place in the body that leads back to it', () => {
    for (const grid of [...GRIDS, ...LEANING]) {
      const frame = frameOf(grid);
      for (const plane of PLANES) {
        const mm = placeOf(frame, plane, 2, { u: 3.25, w: 4.5 });
        const spot = spotOf(frame, plane, mm);
        expect(spot.u).toBeCloseTo(3.25, 6);
        expect(spot.w).toBeCloseTo(4.5, 6);
        expect(indexAt(frame, plane, mm)).toBe(2);
      }
    }
  });

  it('is not in the volume beyond its end', () => {
    const frame = frameOf(GRIDS[0] as (typeof GRIDS)[0]);
    const beyond = placeOf(frame, 'axial', countOf(frame, 'axial'), { u: 1, w: 1 });
    expect(indexAt(frame, 'axial', beyond)).toBeNull();
    expect(voxelAt(frame, beyond)).toBeNull();
  });

  it('belongs to a preview of fewer voxels at the same place', () => {
    for (const grid of [...GRIDS, ...LEANING]) {
      // Every second voxel along the first two axes, each the mean of four.
      const affine = grid.affine.map((n, at) => (at % 4 < 2 ? 2 * n : n));
      for (const row of [0, 4, 8]) {
        affine[row + 3] =
          (grid.affine[row + 3] ?? 0) +
          ((grid.affine[row] ?? 0) + (grid.affine[row + 1] ?? 0)) / 2;
      }
      const [full, preview] = [
        frameOf({ shape: [4, 6, 7], affine: grid.affine }),
        frameOf({ shape: [2, 3, 7], affine }),
      ];
      for (const plane of PLANES) {
        const [u, w, wide, high] = boxOf(full, plane, preview);
        const size = sizeOf(full, plane);
        expect([u, w, wide, high]).toEqual(
          [0, 0, size.u, size.w].map((n) => expect.closeTo(n, 6)),
        );
      }
      const mm = toWorld(grid.affine, [1, 2, 3]);
      expect(indexAt(full, 'axial', mm)).toBe(
        Math.floor(
          (indexAt(preview, 'axial', mm) ?? 0) *
            (countOf(full, 'axial') / countOf(preview, 'axial')),
        ) +
          ((indexAt(full, 'axial', mm) ?? 0) %
            (countOf(full, 'axial') / countOf(preview, 'axial'))),
      );
    }
  });
});

describe('outlines', () => {
  it('go once around what is inside', () => {
    const grid = GRIDS[0] as (typeof GRIDS)[0];
    const frame = frameOf(grid);
    const volume = volumeOf(grid, (i, j, k) => (i < 2 && j < 3 && k === 1 ? 1 : 0));
    const axis = LIES.axial.through;
    const lines = outlined(volume, cutOf(frame, 'axial', axis === 2 ? 1 : 0));
    expect(lines.length / 4).toBe(2 * (2 + 3));
  });
});
