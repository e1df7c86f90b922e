// Frequencies: how a model did on held-out patients, as counts that people can picture.

import { count, t } from '../messages';
import { amount, significant } from './facts';

/** A figure of a model's card. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
  readonly patients: number;
}

/** A figure as a count: so many of so many, and what that says. */
export interface Frequency {
  readonly hits: number;
  readonly of: number;
  readonly words: string;
  readonly interval: string;
  readonly figure: Figure;
}

interface Kind {
  readonly fits: RegExp;
  readonly tell: (figure: Figure) => Omit<Frequency, 'figure' | 'interval'>;
}

const HUNDRED = 100;

const KINDS: readonly Kind[] = [
  {
    fits: /patients (?:where|with) (.+)$/,
    tell: (figure) => {
      const of = figure.patients;
      const hits = Math.round(share(figure, figure.value) * of);
      const what =
        /patients (?:where|with) (.+)$/.exec(figure.name)?.[1] ?? figure.name;
      return { hits, of, words: t('frequency.patients', { hits, of, what }) };
    },
  },
  {
    fits: /sensitivity/,
    tell: (figure) => hundred(figure, 'frequency.sensitivity'),
  },
  {
    fits: /specificity/,
    tell: (figure) => hundred(figure, 'frequency.specificity'),
  },
  {
    fits: /coverage of the 90 % interval/,
    tell: (figure) => hundred(figure, 'frequency.coverage'),
  },
];

/** Tell the figures that are shares as counts; the others stay in the table. */
export function frequencies(figures: readonly Figure[]): Frequency[] {
  return figures.flatMap((figure) => {
    const kind = KINDS.find(({ fits }) => fits.test(figure.name));
    if (!kind || !(figure.unit === '%' || figure.unit === '1')) {
      return [];
    }
    const interval =
      figure.patients > 1
        ? t('frequency.interval', {
            low: per100(share(figure, figure.low)),
            high: per100(share(figure, figure.high)),
            patients: over(figure),
          })
        : t('frequency.one');
    return [{ ...kind.tell(figure), interval, figure }];
  });
}

/** Say over how many; a list that does not name its patients is drawn in blocks. */
function over({ name, patients }: Figure): string {
  return /\d blocks:/.test(name)
    ? count('frequency.over-blocks', patients)
    : count('frequency.over', patients);
}

/** Return where a figure was measured: what stands before the colon of its name. */
export function measuredOn(figure: Figure): string {
  const at = figure.name.indexOf(':');
  return at > 0 ? figure.name.slice(0, at) : '';
}

/** Write a figure with its interval. */
export function figureWords(figure: Figure): string {
  const value = amount(figure.value, figure.unit);
  return figure.patients > 1
    ? t('figure.words', {
        value,
        low: significant(figure.low),
        high: amount(figure.high, figure.unit),
      })
    : value;
}

type Hundred = 'frequency.sensitivity' | 'frequency.specificity' | 'frequency.coverage';

function hundred(figure: Figure, key: Hundred): Omit<Frequency, 'figure' | 'interval'> {
  const hits = Math.round(share(figure, figure.value) * HUNDRED);
  const words = t(key, { hits, misses: HUNDRED - hits });
  return { hits, of: HUNDRED, words };
}

function share(figure: Figure, value: number): number {
  return Math.min(1, Math.max(0, figure.unit === '%' ? value / HUNDRED : value));
}

function per100(part: number): number {
  return Math.round(part * HUNDRED);
}
