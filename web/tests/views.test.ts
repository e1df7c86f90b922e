// What views make of the desk's numbers, without a browser.

import { describe, expect, it } from 'vitest';
import { ago, bytes, number, short, span } from '../src/lib/words';
import {
  digitsOf,
  grouped,
  ofHundred,
  withInterval,
} from '../src/views/models/figures';
import { shareOf } from '../src/views/statistics/share';
import { SLIDES, slideOf } from '../src/views/learn/slides';
import {
  ALL,
  chosen,
  doubtOf,
  stepped,
  values,
  type Waiting,
} from '../src/views/worklist/waiting';

const row = (result: string, more: Partial<Waiting> = {}): Waiting =>
  ({ result, verb: 'denoise', needs: 'look', waits_for_me: true, ...more }) as Waiting;
const rows = [
  row('a'),
  row('b', { verb: 'segment' }),
  row('c', { waits_for_me: false }),
];

describe('the worklist', () => {
  it('keeps the order that the desk gave, whatever is left out', () => {
    expect(chosen(rows, ALL)).toEqual(rows);
    expect(chosen(rows, { ...ALL, verb: 'denoise' }).map((r) => r.result)).toEqual([
      'a',
      'c',
    ]);
    expect(chosen(rows, { ...ALL, mine: true }).map((r) => r.result)).toEqual([
      'a',
      'b',
    ]);
    expect(chosen(rows, { ...ALL, needs: 'opinion' })).toEqual([]);
  });

  it('offers each value once', () => {
    expect(values(rows, 'verb')).toEqual(['denoise', 'segment']);
  });

  it('is walked to its ends and no further', () => {
    expect(stepped(rows, '', 1)).toBe('a');
    expect(stepped(rows, 'a', 1)).toBe('b');
    expect(stepped(rows, 'a', -1)).toBe('a');
    expect(stepped(rows, 'c', 1)).toBe('c');
    expect(stepped([], 'a', 1)).toBeUndefined();
  });

  it('says nothing of a doubt that would give the answer away', () => {
    expect([null, 0, 0.5, 1].map(doubtOf)).toEqual(['hidden', 'low', 'middle', 'high']);
  });
});

describe('a figure', () => {
  const figure = { value: 0.8366, low: 0.7536, high: 0.8993, unit: '1', patients: 15 };
  it('has as many digits as its interval is sure of', () => {
    expect(withInterval({ ...figure, name: 'Dice' })).toBe('0.84 (0.75 to 0.90)');
    expect(digitsOf({ ...figure, name: '', low: 0.8366, high: 0.8366 })).toBe(2);
    const wide = { value: 78, low: 71, high: 84, unit: 'HU', patients: 3, name: '' };
    expect(withInterval(wide)).toBe('78 (71 to 84) HU');
  });

  it('is so many of a hundred only where it is a share', () => {
    expect(ofHundred({ ...figure, name: 'sensitivity, voxels' })).toEqual({
      n: 84,
      low: 75,
      high: 90,
    });
    expect(ofHundred({ ...figure, name: 'Dice, 3-D' })).toBeUndefined();
    const percent = { value: 93.3, low: 70.2, high: 98.8, unit: '%', patients: 15 };
    expect(ofHundred({ ...percent, name: 'patients where it holds' })?.n).toBe(93);
    expect(ofHundred({ ...percent, high: 120, name: 'coverage' })).toBeUndefined();
  });

  it('stands under the data it was measured on', () => {
    const named = { ...figure, name: 'lgg, FLAIR: Dice' };
    expect(grouped([named])).toEqual([['lgg, FLAIR', [['Dice', named]]]]);
    expect(grouped([{ ...named, name: 'Dice' }])[0]?.[0]).toBe('');
  });
});

describe('words', () => {
  it('say times, sizes and shares as people do', () => {
    expect(span(125)).toBe('2 min 5 s');
    expect(span(-3)).toBe('0 s');
    expect(bytes(8_400_000)).toBe('8.4 MB');
    expect(bytes(0)).toBe('0 byte');
    expect(number(1234.5, 1)).toBe('1,234.5');
    expect(ago(0, 3 * 3600 * 1000)).toBe('3 hours ago');
    expect(ago(1000, 0)).toBe('just now');
    expect(short('abcdef', 3)).toBe('abc');
    expect(shareOf({ count: 9, of: 12, low: 0.4277, high: 0.9333 })).toBe(
      '9 of 12 (43 to 93)',
    );
    expect(shareOf(null)).toBe('none yet');
  });
});

describe('the course', () => {
  it('leads from a wrong answer back to its part', () => {
    for (const [at, slide] of SLIDES.entries()) {
      for (const question of slide.answers) expect(slideOf(question)).toBe(at + 1);
    }
    expect(slideOf('no such question')).toBe(1);
  });
});
