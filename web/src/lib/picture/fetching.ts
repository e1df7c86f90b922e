// Fetching: a volume from the desk, resumed where the connection was lost.

import { raw, Unreachable } from '../api';
import { net } from '../net.svelte';
import { UnreadableError, type Volume } from './nifti';
import type { Read, Wish } from './worker';

export type Quality = 'preview' | 'full';

export interface Fetched {
  readonly volume: Volume;
  /** What the desk sent: it sends all of a small volume where a preview is asked for. */
  readonly quality: Quality;
}

export interface Progress {
  readonly got: number;
  readonly total: number; // 0 where nobody knows
}

export interface Received {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly quality: Quality;
}

const PATIENCE_MS = 1500;

/** Fetch and read a volume. */
export async function fetchVolume(
  address: string,
  signal: AbortSignal,
  told: (progress: Progress) => void = () => undefined,
): Promise<Fetched> {
  const { bytes, quality } = await download(address, signal, told);
  return { volume: await read(bytes), quality };
}

/**
 * Fetch a file; where the connection breaks, go on from where it broke, when it is back.
 *
 * A file that has changed meanwhile is fetched from its beginning.
 */
export async function download(
  address: string,
  signal: AbortSignal,
  told: (progress: Progress) => void = () => undefined,
): Promise<Received> {
  const come: Come = { parts: [], got: 0, tag: '' };
  for (;;) {
    try {
      const response = await raw(address, { signal, headers: rangeFrom(come) });
      await receive(response, come, told);
      const isPreview = response.headers.get('X-Vesalius-Quality') === 'preview';
      return { bytes: joined(come), quality: isPreview ? 'preview' : 'full' };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Unreachable || error instanceof TypeError)) throw error;
      if (come.got === 0 || come.tag === '') throw new Unreachable();
      await back(signal);
    }
  }
}

/** What has come of a file, and the tag that it had then. */
interface Come {
  parts: Uint8Array[];
  got: number;
  tag: string;
}

async function receive(
  response: Response,
  come: Come,
  told: (progress: Progress) => void,
): Promise<void> {
  if (response.status !== 206) {
    come.parts = [];
    come.got = 0;
  }
  come.tag = response.headers.get('ETag') ?? '';
  const total = come.got + Number(response.headers.get('Content-Length') ?? 0);
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    come.parts.push(next.value);
    come.got += next.value.length;
    told({ got: come.got, total });
  }
  if (come.got < total) throw new Unreachable();
}

function rangeFrom({ got, tag }: Come): Record<string, string> {
  return got > 0 && tag ? { Range: `bytes=${got}-`, 'If-Range': tag } : {};
}

function joined({ parts, got }: Come): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(got);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Wait until the desk is reached again. */
async function back(signal: AbortSignal): Promise<void> {
  do {
    await new Promise((done) => setTimeout(done, PATIENCE_MS));
    signal.throwIfAborted();
    await net.look();
  } while (!net.online);
}

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, (read: Read) => void>();

/** Have the worker ready before the first volume comes. */
export function warm(): void {
  worker ??= started();
}

async function read(bytes: Uint8Array<ArrayBuffer>): Promise<Volume> {
  warm();
  const id = (last += 1);
  const answered = new Promise<Read>((done) => waiting.set(id, done));
  const wish: Wish = { id, bytes };
  worker?.postMessage(wish, [bytes.buffer]);
  const found = await answered;
  if ('words' in found) throw new UnreadableError(found.words);
  return found.volume;
}

function started(): Worker {
  const made = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  made.addEventListener('message', (event: MessageEvent<Read>) => {
    waiting.get(event.data.id)?.(event.data);
    waiting.delete(event.data.id);
  });
  made.addEventListener('error', (event) => {
    for (const [id, done] of waiting) done({ id, words: event.message });
    waiting.clear();
    made.terminate();
    worker = undefined;
  });
  return made;
}
