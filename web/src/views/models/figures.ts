// Figures: a card's numbers as a clinician can hold them: so many of a hundred.

import type { Answer } from '../../lib/api';
import { t } from '../../lib/messages';
import { number } from '../../lib/words';

export type Model = Answer<'/api/models'>[number];
export type Figure = Model['figures'][number];

/** Figures that only make sense side by side. */
export interface CardTable {
  title: string;
  columns: string[];
  rows: string[][];
}
/** One set of patients that a model learned from. */
export interface DataUse {
  name: string;
  patients: number;
  licence: string;
  source: string;
}

/** Return what a card holds beside its figures; the card itself has checked its form. */
export function partsOf(model: Model): {
  tables: CardTable[];
  data: DataUse[];
  training: [string, string | number][];
  energyBasis: string;
} {
  const { energy_basis: basis, ...training } = model.training ?? {};
  return {
    tables: model.tables as unknown as CardTable[],
    data: model.data as unknown as DataUse[],
    training: Object.entries(training as Record<string, string | number>),
    energyBasis: String(basis ?? ''),
  };
}

// Of these a share of a hundred means something; a Dice or a correlation is no share.
const SHARES =
  /sensitivity|specificity|coverage|patients where|share|inside|recall|precision/i;

/** Return a figure as counts of a hundred; undefined where it is no share. */
export function ofHundred(
  figure: Figure,
): { n: number; low: number; high: number } | undefined {
  const scale = figure.unit === '%' ? 1 : 100;
  const isShare =
    SHARES.test(figure.name) && (figure.unit === '%' || figure.unit === '1');
  const values = [figure.value, figure.low, figure.high].map((value) => value * scale);
  if (!isShare || values.some((value) => value < 0 || value > 100)) return undefined;
  const [n = 0, low = 0, high = 0] = values.map(Math.round);
  return { n, low, high };
}

/** Return how many digits after the point tell a figure from its interval's ends. */
export function digitsOf(figure: Figure): number {
  const width = figure.high - figure.low;
  if (width === 0) return Math.abs(figure.value) >= 100 ? 0 : 2;
  return Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(width))));
}

/** Return a figure with its interval: "0.84 (0.75 to 0.90)". */
export function withInterval(figure: Figure): string {
  const digits = digitsOf(figure);
  const unit = figure.unit === '1' ? '' : ` ${figure.unit}`;
  const [value, low, high] = [figure.value, figure.low, figure.high].map((one) =>
    number(one, digits),
  );
  if (figure.low === figure.high) return `${value}${unit}`;
  return t('figure.interval', {
    value: value ?? '',
    low: low ?? '',
    high: high ?? '',
    unit,
  });
}

/** Part figures by what their names say before the colon: the data they were measured on. */
export function grouped(figures: readonly Figure[]): [string, [string, Figure][]][] {
  const groups = new Map<string, [string, Figure][]>();
  for (const figure of figures) {
    const at = figure.name.indexOf(': ');
    const where = at > 0 ? figure.name.slice(0, at) : '';
    const what = at > 0 ? figure.name.slice(at + 2) : figure.name;
    groups.set(where, [...(groups.get(where) ?? []), [what, figure]]);
  }
  return [...groups];
}
