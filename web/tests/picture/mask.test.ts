/** Brush and eraser: what is drawn, taken back, drawn again, packed. */

import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  drawn,
  finished,
  maskMl,
  packed,
  redone,
  repainted,
  type Stroke,
  undone,
  unpainted,
} from '../../src/lib/picture/mask';
import { frameOf, offsetOf } from '../../src/lib/picture/planes';
import { toWorld, type Three } from '../../src/lib/picture/space';
import { everyGrid, turned } from './grids';

const SHAPE = [12, 10, 8] as const;
const GRIDS = [...everyGrid(SHAPE, [1, 1, 2])].flatMap((grid) => [
  grid,
  turned(grid, 15, 10),
]);
const empty = (): Uint8Array<ArrayBuffer> => new Uint8Array(12 * 10 * 8);
const count = (mask: Uint8Array): number => mask.reduce((sum, n) => sum + n, 0);

function stroke(places: readonly Three[], more: Partial<Stroke> = {}): Stroke {
  return {
    isBrush: true,
    plane: 'axial',
    radiusMm: 2.1,
    isBall: false,
    places,
    ...more,
  };
}

describe('the brush', () => {
  it('paints a disc of the plane, and a ball of as many millimetres', () => {
    for (const grid of GRIDS) {
      const frame = frameOf(grid);
      const at = toWorld(grid.affine, [6, 5, 4]);
      const disc = repainted(frame, empty(), [stroke([at])]).now;
      const ball = repainted(frame, empty(), [stroke([at], { isBall: true })]).now;
      expect(disc[offsetOf(SHAPE, [6, 5, 4])]).toBe(1);
      expect(count(disc)).toBeGreaterThan(1);
      expect(count(ball)).toBeGreaterThan(count(disc));
      ball.forEach((value, offset) => {
        const voxel = [
          offset % 12,
          Math.floor(offset / 12) % 10,
          Math.floor(offset / 120),
        ];
        const mm = toWorld(grid.affine, voxel as unknown as Three);
        const far = Math.hypot(mm[0] - at[0], mm[1] - at[1], mm[2] - at[2]);
        expect(value).toBe(far <= 2.1 ? 1 : 0);
      });
    }
  });

  it('leaves no gap between two places', () => {
    for (const grid of GRIDS) {
      const frame = frameOf(grid);
      const [from, to] = [
        toWorld(grid.affine, [1, 5, 4]),
        toWorld(grid.affine, [10, 5, 4]),
      ];
      const whole = repainted(frame, empty(), [
        stroke([from, to], { radiusMm: 0.1, isBall: true }),
      ]).now;
      for (let i = 1; i <= 10; i += 1) {
        expect(whole[offsetOf(SHAPE, [i, 5, 4])]).toBe(1);
      }
    }
  });

  it('hits the voxel under the hand, however small it is, and nothing outside', () => {
    const [grid] = GRIDS;
    if (grid === undefined) throw new Error('no grid');
    const frame = frameOf(grid);
    const corner = toWorld(grid.affine, [0, 0, 0]);
    expect(
      count(repainted(frame, empty(), [stroke([corner], { radiusMm: 0 })]).now),
    ).toBe(1);
    const outside = toWorld(grid.affine, [-30, 0, 0]);
    expect(count(repainted(frame, empty(), [stroke([outside])]).now)).toBe(0);
  });
});

describe('strokes', () => {
  const grid = GRIDS[0] as (typeof GRIDS)[0];
  const frame = frameOf(grid);
  const places = [toWorld(grid.affine, [6, 5, 4])];

  it('are taken back and drawn again, to the voxel', () => {
    const base = empty();
    base[offsetOf(SHAPE, [6, 5, 4])] = 1;
    const painting = unpainted(base);
    const one = stroke(places);
    drawn(frame, painting, one);
    const first = finished(painting, one);
    const rubbed = stroke(places, { isBrush: false, radiusMm: 1 });
    drawn(frame, first, rubbed);
    const second = finished(first, rubbed);
    const after = second.now.slice();
    const back = undone(frame, second);
    expect(back.now).toEqual(repainted(frame, base, [one]).now);
    expect(undone(frame, back).now).toEqual(base);
    expect(redone(frame, back).now).toEqual(after);
    expect(undone(frame, unpainted(base)).now).toEqual(base);
    expect(redone(frame, unpainted(base)).now).toEqual(base);
  });

  it('drawn after one was taken back leave nothing to draw again', () => {
    const first = finished(unpainted(empty()), stroke(places));
    const other = finished(undone(frame, first), stroke(places));
    expect(other.undone).toEqual([]);
  });

  it('come back from what was kept of them', () => {
    const kept = [stroke(places), stroke(places, { isBrush: false, radiusMm: 1 })];
    const again: Stroke[] = JSON.parse(JSON.stringify(kept));
    expect(repainted(frame, empty(), again).now).toEqual(
      repainted(frame, empty(), kept).now,
    );
  });

  it('have a volume in ml', () => {
    const mask = empty().fill(1);
    expect(maskMl(frame, mask)).toBeCloseTo((12 * 10 * 8 * 2) / 1000, 9);
  });

  it('are packed one byte a voxel', async () => {
    const mask = empty();
    mask[3] = 1;
    const sent = Buffer.from(await (await packed(mask)).arrayBuffer());
    expect(new Uint8Array(gunzipSync(sent))).toEqual(new Uint8Array(mask));
  });
});
