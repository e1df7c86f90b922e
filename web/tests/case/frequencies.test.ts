/** Natural frequencies: a share as so many of so many, and no share bent on the way. */

import { describe, expect, it } from 'vitest';
import {
  figureWords,
  frequencies,
  measuredOn,
  type Figure,
} from '../../src/lib/case/frequencies';

function figure(name: string, value: number, unit: string, patients = 15): Figure {
  return {
    name,
    value,
    low: value * 0.9,
    high: Math.min(value * 1.1, 100),
    unit,
    patients,
  };
}

describe('a figure', () => {
  it('of patients counts patients', () => {
    const name = 'lgg, FLAIR: patients where the interval holds the volume';
    const [one] = frequencies([figure(name, 80, '%')]);
    expect(one).toMatchObject({ hits: 12, of: 15 });
    expect(one?.words).toBe('In 12 of 15 patients: the interval holds the volume.');
  });

  it('that is a share counts of a hundred, in either unit', () => {
    const [percent] = frequencies([figure('sets: sensitivity at', 89.7, '%')]);
    const [share] = frequencies([figure('sets: sensitivity, voxels', 0.897, '1')]);
    expect(percent).toMatchObject({ hits: 90, of: 100 });
    expect(share?.words).toBe(percent?.words);
    expect(share?.words).toContain('10 were missed');
  });

  it('of coverage says what lay outside', () => {
    const name = 'acdc, 3 % noise: average coverage of the 90 % interval (ends)';
    const [one] = frequencies([figure(name, 90.62, '%', 13)]);
    expect(one?.words).toContain('inside the interval at 91 and outside at 9');
    expect(one?.interval).toContain('over 13 patients');
    expect(measuredOn(one?.figure ?? figure('', 0, ''))).toBe('acdc, 3 % noise');
  });

  it('of a list that does not name its patients counts blocks', () => {
    const name = "LUNA16 candidates, 17 blocks: sensitivity at the card's threshold";
    const [one] = frequencies([figure(name, 92.6, '%', 17)]);
    expect(one?.interval).toContain('over 17 blocks of a list');
  });

  it('that is no share stays in the table', () => {
    expect(frequencies([figure('acdc: PSNR in the body', 34.5, 'dB')])).toEqual([]);
    expect(frequencies([figure('lgg: sensitivity of the reader', 4, 'mm')])).toEqual(
      [],
    );
  });

  it('of one patient has no interval', () => {
    const [one] = frequencies([figure('x: specificity', 94, '%', 1)]);
    expect(one?.interval).toBe('One patient: there is no interval.');
    expect(figureWords(figure('x', 2, 'mm', 1))).toBe('2\u00a0mm');
    expect(figureWords(figure('x', 2, 'mm'))).toBe('2\u00a0mm (1.8 to 2.2\u00a0mm)');
  });
});
