/** Windows, colours, sights and measures. */

import { describe, expect, it } from 'vitest';
import { ballMl, insideOf, intensityAt, lengthMm } from '../../src/lib/picture/measure';
import { legendColours, painted } from '../../src/lib/picture/paint';
import { cutOf, frameOf } from '../../src/lib/picture/planes';
import {
  CLOSEST,
  fromScreen,
  panned,
  shownOf,
  toScreen,
  whole,
  zoomed,
} from '../../src/lib/picture/sight';
import {
  centreOf,
  contentWindow,
  firstWindow,
  presetWindow,
  scaleEnd,
  shifted,
} from '../../src/lib/picture/windows';
import { volumeOf } from './grids';

const GRID = {
  shape: [10, 10, 4],
  affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0],
} as const;

describe('windows', () => {
  it('are those that radiologists call by name', () => {
    expect(presetWindow('brain')).toEqual({ low: 0, high: 80 });
    expect(presetWindow('lung')).toEqual({ low: -1350, high: 150 });
    expect(presetWindow('bone')).toEqual({ low: -500, high: 1300 });
    expect(presetWindow('soft')).toEqual({ low: -160, high: 240 });
  });

  it('are chosen by what is in the picture', () => {
    const chest = volumeOf(GRID, (i) => (i < 5 ? -800 : 40));
    expect(firstWindow(chest, 'CT', false)).toEqual(presetWindow('lung'));
    expect(firstWindow(chest, 'CT', true)).toEqual(presetWindow('brain'));
    const belly = volumeOf(GRID, () => 40);
    expect(firstWindow(belly, 'CT', false)).toEqual(presetWindow('soft'));
    const mr = volumeOf(GRID, (i, j) => 10 * i + j);
    const { low, high } = contentWindow(mr);
    expect(firstWindow(mr, 'MR', true)).toEqual({ low, high });
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(97);
    expect(contentWindow(volumeOf(GRID, () => 7))).toEqual({ low: 7, high: 8 });
  });

  it('are moved and stretched, never turned over', () => {
    const window = presetWindow('soft');
    expect(centreOf(shifted(window, 0.1, 0))).toEqual({ centre: 80, width: 400 });
    const narrow = shifted(window, 0, -50);
    expect(narrow.high).toBeGreaterThan(narrow.low);
  });

  it('have colour scales that end at round numbers', () => {
    expect(scaleEnd(volumeOf(GRID, (i) => (i ? -37 : 3)))).toBe(40);
    expect(scaleEnd(volumeOf(GRID, () => 0))).toBeGreaterThan(0);
  });
});

describe('paint', () => {
  const frame = frameOf(GRID);
  const paint = (value: number, kind: 'amount' | 'difference'): number[] => {
    const volume = volumeOf(GRID, () => value);
    return [...painted(volume, cutOf(frame, 'axial', 0), { kind, high: 10 })].slice(
      0,
      4,
    );
  };

  it('leaves what is next to nothing clear, and what is no number', () => {
    expect(paint(0, 'amount')[3]).toBe(0);
    expect(paint(0.1, 'difference')[3]).toBe(0);
    expect(paint(NaN, 'amount')[3]).toBe(0);
  });

  it('shows more as orange and less as blue', () => {
    const [more, less] = [paint(8, 'difference'), paint(-8, 'difference')];
    expect(more[0]).toBeGreaterThan(more[2] as number);
    expect(less[2]).toBeGreaterThan(less[0] as number);
    expect(paint(99, 'difference')).toEqual(paint(10, 'difference'));
  });

  it('tints what is inside', () => {
    const volume = volumeOf(GRID, (i) => (i === 9 ? 1 : 0));
    const colour = [1, 2, 3] as const;
    const pixels = painted(volume, cutOf(frame, 'axial', 0), {
      kind: 'tint',
      colour,
      opaque: 9,
    });
    expect([...pixels.slice(0, 8)]).toEqual([1, 2, 3, 9, 0, 0, 0, 0]);
  });

  it('has a legend from one end to the other', () => {
    expect(legendColours('amount', 3)).toHaveLength(3);
    expect(legendColours('difference')[0]).toBe('rgb(165 230 255)');
  });
});

describe('sight', () => {
  const [size, screen] = [
    { u: 200, w: 100 },
    { width: 400, height: 400 },
  ];

  it('holds the whole cut and leads there and back', () => {
    const shown = shownOf(whole(size), size, screen);
    expect(toScreen(shown, { u: 100, w: 50 })).toEqual([200, 200]);
    expect(toScreen(shown, { u: 0, w: 0 })[0]).toBeGreaterThanOrEqual(0);
    const [x, y] = toScreen(shown, { u: 13, w: 57 });
    expect(fromScreen(shown, x, y)).toEqual({
      u: expect.closeTo(13),
      w: expect.closeTo(57),
    });
  });

  it('comes closer around the hand, to an end', () => {
    const at = { u: 40, w: 30 };
    const near = zoomed(whole(size), 2, at, size);
    const before = toScreen(shownOf(whole(size), size, screen), at);
    const after = toScreen(shownOf(near, size, screen), at);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
    expect(zoomed(near, 1000, at, size).zoom).toBe(CLOSEST);
    expect(zoomed(near, 0.001, at, size)).toEqual(whole(size));
  });

  it('never loses the cut', () => {
    const near = zoomed(whole(size), 4, { u: 10, w: 10 }, size);
    expect(panned(near, 9999, -9999, size)).toMatchObject({ u: 200, w: 0 });
    expect(panned(whole(size), 50, 50, size)).toEqual(whole(size));
  });
});

describe('measures', () => {
  const frame = frameOf(GRID);

  it('are in millimetres and millilitres', () => {
    expect(lengthMm([0, 0, 0], [3, 4, 12])).toBe(13);
    const ball = { kind: 'ball', centre: [0, 0, 0], edge: [10, 0, 0] } as const;
    expect(ballMl(ball)).toBeCloseTo(4.18879, 4);
  });

  it('say what is inside a ball', () => {
    const volume = volumeOf(GRID, (i) => i);
    const ball = { kind: 'ball', centre: [5, 5, 4], edge: [6, 5, 4] } as const;
    expect(insideOf(frame, volume, ball)).toMatchObject({ mean: 5, voxels: 5 });
    const outside = { kind: 'ball', centre: [500, 5, 4], edge: [501, 5, 4] } as const;
    expect(insideOf(frame, volume, outside)).toBeNull();
  });

  it('read one voxel, and none outside', () => {
    const volume = volumeOf(GRID, (i, j, k) => 100 * i + 10 * j + k);
    expect(intensityAt(frame, volume, [3, 4, 2])).toBe(341);
    expect(intensityAt(frame, volume, [-3, 4, 2])).toBeNull();
  });
});
