// Known: which scan an answer is of, as the worklist has told. The scan's picture can
// then be on its way before the desk has said what the case is.

const scans = new Map<string, string>();

/** Note what a worklist tells. */
export function noteScans(
  rows: readonly { readonly result: string; readonly scan: string }[],
): void {
  for (const { result, scan } of rows) scans.set(result, scan);
}

/** Return an answer's scan; undefined where nothing has told it yet. */
export function knownScan(result: string): string | undefined {
  return scans.get(result);
}
