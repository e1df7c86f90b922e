// Facts: sentences whose every number leads back to where it is stored in the result.

import { t, type Key } from '../messages';

/** What the desk keeps of an answer: `result.json`, as `io/record.py` writes it. */
export interface Told {
  readonly verdict: { readonly outcome: Outcome; readonly reasons: readonly string[] };
  readonly checks: readonly Check[];
  readonly measures: readonly Measure[];
  readonly findings: readonly Finding[];
  readonly input: Input | null;
  readonly card: Card | null;
  readonly provenance: Provenance;
  readonly notes: readonly string[];
}

export type Outcome = 'show' | 'warn' | 'withhold';

export interface Check {
  readonly name: string;
  readonly found: string;
  readonly expected: string;
  readonly outcome: Outcome;
  readonly reason: string;
}

export interface Measure {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly meaning: string;
}

export interface Finding {
  readonly position_mm: readonly [number, number, number];
  readonly size_mm: number;
  readonly probability: number | null;
  readonly interval: readonly [number, number] | null;
}

export interface Input {
  readonly shape: readonly number[];
  readonly spacing_mm: readonly number[];
  readonly modality: string;
  readonly contrast: string | null;
  readonly units: string;
  readonly sides_known: boolean;
}

export interface Card {
  readonly name: string;
  readonly task: string;
  readonly summary: string;
  readonly licence: string;
  readonly limits: readonly string[];
  readonly weights_sha256: string | null;
}

export interface Provenance {
  readonly task: string;
  readonly model: string | null;
  readonly weights_sha256: string | null;
  readonly input_sha256: string;
  readonly seed: number;
  readonly options: Readonly<Record<string, string | number>>;
  readonly version: string;
  readonly device: string;
  readonly energy: { readonly joules: number; readonly basis: string } | null;
}

/** A number in a sentence: how it is read, and from where in the result it comes. */
export interface Fact {
  readonly words: string;
  readonly from: readonly Source[];
}

export interface Source {
  readonly path: string;
  readonly stored: string;
}

export type Piece = string | Fact;
export type Sentence = readonly Piece[];

/** Fill a message with facts; the words between them stay words. */
export function sentence(key: Key, facts: Readonly<Record<string, Fact>>): Sentence {
  return t(key)
    .split(/(\{\w+\})/)
    .filter((part) => part !== '')
    .map((part) => facts[part.slice(1, -1)] ?? part);
}

/** Return a sentence as plain words. */
export function plain(said: Sentence): string {
  return said
    .map((piece) => (typeof piece === 'string' ? piece : piece.words))
    .join('');
}

/** Read a number where it is stored; null where there is none. */
export function fact(
  told: Told,
  path: string,
  words: (stored: number) => string = significant,
): Fact | null {
  const stored = lookUp(told, path);
  return typeof stored === 'number'
    ? { words: words(stored), from: [{ path, stored: String(stored) }] }
    : null;
}

/** Read a word where it is stored. */
export function word(told: Told, path: string): Fact | null {
  const stored = lookUp(told, path);
  return typeof stored === 'string' && stored !== ''
    ? { words: stored, from: [{ path, stored }] }
    : null;
}

/** Make one fact of others: a share, a place; it leads back to all of them. */
export function derived(words: string, ...of: readonly Fact[]): Fact {
  return { words, from: of.flatMap((one) => one.from) };
}

/** Return the path to a number of a list: its name, its place, what of it. */
export function pathOf(...parts: readonly (string | number)[]): string {
  return parts.join('.');
}

/** Follow a path such as `measures.0.value`. */
export function lookUp(told: Told, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (found, part) =>
        typeof found === 'object' && found !== null
          ? (found as Record<string, unknown>)[part]
          : undefined,
      told,
    );
}

/** Write a number for a reader: three digits that count, no exponent, a true minus. */
export function significant(value: number): string {
  if (value === 0) {
    return '0';
  }
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const words = new Intl.NumberFormat('en-GB', {
    maximumFractionDigits: Math.min(9, places),
    useGrouping: Math.abs(value) >= 10_000,
  }).format(Math.abs(value));
  const sized = words.replaceAll(',', '\u00a0');
  return value < 0 && sized !== '0' ? `\u2212${sized}` : sized;
}

/** Write a number with its unit, which no line break may part. */
export function amount(value: number, unit: string): string {
  return unit === '' || unit === '1'
    ? significant(value)
    : `${significant(value)}\u00a0${unit}`;
}
