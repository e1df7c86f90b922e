// The worklist's rows: which are shown, and which of them the keyboard is on.

import type { Answer } from '../../lib/api';

export type Waiting = Answer<'/api/reviews'>[number];

export interface Filter {
  verb: string;
  needs: string;
  mine: boolean;
}

export const ALL: Filter = { verb: '', needs: '', mine: false };

/** Return the rows that a filter lets through, in the order the desk gave them. */
export function chosen(rows: readonly Waiting[], filter: Filter): Waiting[] {
  return rows.filter(
    (row) =>
      (!filter.verb || row.verb === filter.verb) &&
      (!filter.needs || row.needs === filter.needs) &&
      (!filter.mine || row.waits_for_me),
  );
}

/** Return the values that a choice is offered of, each once. */
export function values(rows: readonly Waiting[], key: 'verb' | 'needs'): string[] {
  return [...new Set(rows.map((row) => row[key]))].sort();
}

/** Return what a doubt of 0 to 1 is called; nobody knows it where it is null. */
export function doubtOf(doubt: number | null): 'hidden' | 'low' | 'middle' | 'high' {
  if (doubt === null) return 'hidden';
  if (doubt < 1 / 3) return 'low';
  return doubt < 2 / 3 ? 'middle' : 'high';
}

/** Return the row that a step up or down leads to; the ends hold. */
export function stepped(
  rows: readonly Waiting[],
  from: string,
  by: 1 | -1,
): string | undefined {
  const at = rows.findIndex((row) => row.result === from);
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by));
  return rows[next]?.result;
}
