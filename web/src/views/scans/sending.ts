// Sending: a file, piece by piece; after a dropped connection it goes on where it stopped.

import { addressOf, api, raw, Refusal, Unreachable, type Answer } from '../../lib/api';

export type Upload = Answer<'/api/uploads/{upload}'>;
export type Ending = '.zip' | '.dcm' | '.nii' | '.nii.gz';

export interface Parcel {
  content: Blob;
  ending: Ending;
  /** Of a NIfTI, which does not say them. */
  modality: string;
  contrast: string;
}

const ENDINGS: readonly Ending[] = ['.nii.gz', '.nii', '.zip', '.dcm'];
const WAIT_MS = 3000;
const LOOK_MS = 1000;

/** Return how a file's name ends, of what can be sent alone; undefined for others. */
export function endingOf(name: string): Ending | undefined {
  return ENDINGS.find((ending) => name.toLowerCase().endsWith(ending));
}

/** Return what an upload that was broken off is found by again: no name, no path. */
export function markOf(project: string, parcel: Parcel, modified: number): string {
  return [project, parcel.ending, parcel.content.size, modified].join(':');
}

export interface Heard {
  /** Bytes that are there. */
  sent: (bytes: number) => void;
  /** Whether it waits for the connection. */
  waits: (isWaiting: boolean) => void;
  /** The upload's id, once it has one: with it, it can be gone on with. */
  named: (id: string) => void;
}

/** Send a parcel, or the rest of it; answers what came of it once it has been read. */
export async function send(
  project: string,
  parcel: Parcel,
  known: string,
  heard: Heard,
  signal: AbortSignal,
): Promise<Upload> {
  const upload = await begun(project, parcel, known);
  heard.named(upload.id);
  let at = upload.received;
  heard.sent(at);
  while (at < parcel.content.size && upload.stage === 'coming') {
    signal.throwIfAborted();
    at = await piece(upload, parcel.content, at, heard, signal);
    heard.sent(at);
  }
  const path = { upload: upload.id };
  if (upload.stage === 'coming') {
    await patiently(
      () => api.post('/api/uploads/{upload}/end', { path }),
      heard,
      signal,
    );
  }
  for (;;) {
    const now = await patiently(
      () => api.get('/api/uploads/{upload}', { path }),
      heard,
      signal,
    );
    if (now.stage === 'kept' || now.stage === 'refused') return now;
    await pause(LOOK_MS, signal);
  }
}

async function begun(project: string, parcel: Parcel, known: string): Promise<Upload> {
  if (known) {
    try {
      const path = { upload: known };
      const found = await api.get('/api/uploads/{upload}', { path });
      if (found.size === parcel.content.size && found.stage !== 'refused') return found;
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) throw error;
    }
  }
  const { ending, modality, contrast, content } = parcel;
  const body = { project, ending, size: content.size, modality, contrast };
  return api.post('/api/uploads', { body });
}

async function piece(
  upload: Upload,
  content: Blob,
  at: number,
  heard: Heard,
  signal: AbortSignal,
): Promise<number> {
  const address = addressOf('/api/uploads/{upload}/pieces/{at}', {
    path: { upload: upload.id, at },
  });
  const body = content.slice(at, at + upload.piece);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const init = { method: 'PUT', body, headers, signal };
  const answer = await patiently(() => raw(address, init), heard, signal);
  return ((await answer.json()) as { received: number }).received;
}

/** Do what may be done twice, until the desk answers. */
async function patiently<T>(
  act: () => Promise<T>,
  heard: Heard,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      const answer = await act();
      heard.waits(false);
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      heard.waits(true);
      await pause(WAIT_MS, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((done) => setTimeout(done, ms));
}
