// Exporting: the answer with its decision, as a file for the archive.

import { addressOf, raw } from '../../lib/api';

const KEPT_MS = 60_000;

/** Fetch the export and hand it to the browser's downloads. */
export async function saveExport(result: string): Promise<void> {
  const address = addressOf('/api/results/{result}/export', { path: { result } });
  const response = await raw(address);
  const said = response.headers.get('Content-Disposition') ?? '';
  const name = /filename="([^"]+)"/.exec(said)?.[1] ?? `${result}.zip`;
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
