/** Sentences: every number of them is one that is stored, and leads back to it. */

import { describe, expect, it } from 'vitest';
import {
  amount,
  fact,
  lookUp,
  plain,
  significant,
  type Told,
} from '../../src/lib/case/facts';
import { sentences } from '../../src/lib/case/sentences';
import { finding, measure, told } from './told';

const DENOISED = told('denoise', {
  measures: [
    measure('noise before', 40, 'a.u.'),
    measure('noise after', 10.04, 'a.u.'),
    measure('spread', 22.7, 'a.u.'),
  ],
});
const OUTLINED = told('segment', {
  measures: [
    measure('tumour volume', 17.234, 'ml'),
    measure('volume, lower end', 10, 'ml'),
    measure('volume, upper end', 22, 'ml'),
  ],
  findings: Array.from({ length: 7 }, (_, at) => finding(at)),
});
const DETECTED = told('detect', {
  measures: [measure('lung volume', 4.2, 'l'), measure('nodules', 2, '')],
  findings: [finding(0), finding(1)],
});
const IMAGINED = told('translate', { measures: [measure('bone', 3, '%')] });
const LATER = told('whiten', { measures: [measure('whiteness', 3.14159, '%')] });
const ALL: readonly Told[] = [DENOISED, OUTLINED, DETECTED, IMAGINED, LATER];

describe('sentences', () => {
  it('hold no digit that does not lead back to what is stored', () => {
    for (const one of ALL) {
      const said = sentences(one);
      expect(said.length).toBeGreaterThan(0);
      for (const piece of said.flat()) {
        if (typeof piece === 'string') {
          // "90 % interval", "nine of ten" and a count of what is left are words.
          expect(piece.replace('90 %', '').replace(/^\d+ more/, '')).not.toMatch(/\d/);
        } else {
          for (const { path, stored } of piece.from) {
            expect(String(lookUp(one, path))).toBe(stored);
          }
        }
      }
    }
  });

  it('leave no place of a message unfilled', () => {
    for (const one of ALL) {
      for (const said of sentences(one)) {
        expect(plain(said)).not.toMatch(/[{}]|undefined|NaN/);
      }
    }
  });

  it('say how much less noise there is, or more', () => {
    expect(plain(sentences(DENOISED)[0] ?? [])).toContain('75 % less');
    const worse = told('denoise', {
      measures: [measure('noise before', 10, ''), measure('noise after', 12, '')],
    });
    expect(plain(sentences(worse)[0] ?? [])).toContain('20 % more');
  });

  it('name sides only where somebody knows them', () => {
    const words = sentences(OUTLINED).map(plain).join(' ');
    expect(words).toContain('R\u00a010, P\u00a020, S\u00a05');
    const input = {
      ...(OUTLINED.input as NonNullable<Told['input']>),
      sides_known: false,
    };
    expect(
      sentences({ ...OUTLINED, input })
        .map(plain)
        .join(' '),
    ).not.toMatch(/R\u00a010/);
  });

  it('say that nothing found is not nothing there', () => {
    const none = told('detect', {
      measures: [measure('lung volume', 4.2, 'l'), measure('nodules', 0, '')],
    });
    expect(sentences(none).map(plain).join(' ')).toContain('does not mean');
    const empty = told('segment', { measures: [measure('tumour volume', 0, 'ml')] });
    expect(sentences(empty).map(plain).join(' ')).toContain('does not mean');
  });

  it('count what they leave out', () => {
    expect(sentences(OUTLINED).map(plain).at(-1)).toBe(
      '2 more stand in the list under Decide.',
    );
  });

  it('leave out what is no number', () => {
    const hollow = told('denoise', {
      measures: [measure('noise before', null, 'a.u.')],
    });
    expect(sentences(hollow)).toEqual([]);
  });

  it('say nothing of a picture that was withheld but what was measured', () => {
    const verdict = { outcome: 'withhold', reasons: ['no head'] } as const;
    expect(
      sentences({ ...IMAGINED, verdict })
        .map(plain)
        .join(' '),
    ).not.toContain('imagined');
  });
});

describe('numbers', () => {
  it('are written with the digits that count', () => {
    expect(significant(12.3456)).toBe('12.3');
    expect(significant(0.04)).toBe('0.04');
    expect(significant(0)).toBe('0');
    expect(significant(-3.5)).toBe('\u22123.5');
    expect(significant(12345.6)).toBe('12\u00a0346');
    expect(amount(3, '1')).toBe('3');
    expect(amount(3, 'ml')).toBe('3\u00a0ml');
  });

  it('are none where the result has none', () => {
    expect(fact(DENOISED, 'measures.9.value')).toBeNull();
    expect(fact(DENOISED, 'provenance.task')).toBeNull();
  });
});
