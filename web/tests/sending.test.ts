import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal } from '../src/lib/api';
import { endingOf, markOf, send, type Parcel } from '../src/views/scans/sending';

const CONTENT = 'abcdefghij';
const PIECE = 4;
const parcel: Parcel = {
  content: new Blob([CONTENT]),
  ending: '.zip',
  modality: '',
  contrast: '',
};

/** A desk that takes uploads, and drops the line before some of its answers. */
function desk(drops: number[] = [], stage = 'kept') {
  let got = '';
  let begun = false;
  let ended = false;
  let requests = 0;
  const told = () => ({
    id: 'up-1',
    stage: ended ? stage : 'coming',
    size: CONTENT.length,
    received: got.length,
    piece: PIECE,
    reason: stage === 'refused' ? 'no scan' : '',
    scans: ended && stage === 'kept' ? ['s-1'] : [],
  });
  const answer = (body: unknown, status = 200) =>
    new Response(JSON.stringify(body), { status });
  vi.stubGlobal('fetch', async (address: string, init: RequestInit = {}) => {
    if (drops.includes(++requests)) throw new TypeError('the line is gone');
    const path = new URL(address).pathname;
    const method = init.method ?? 'GET';
    if (method === 'POST' && path === '/api/uploads') begun = true;
    if (!begun) return answer({ what: 'nothing here', next: '' }, 404);
    const at = Number(/pieces\/(\d+)/.exec(path)?.[1] ?? NaN);
    if (method === 'PUT') {
      got = got.slice(0, at) + (await (init.body as Blob).text());
      return answer({ received: got.length });
    }
    if (path.endsWith('/end')) ended = true;
    return answer(told());
  });
  return { got: () => got, begin: () => (begun = true), requests: () => requests };
}

const heard = { sent: vi.fn(), waits: vi.fn(), named: vi.fn() };
const go = (known = '', signal = new AbortController().signal) =>
  send('p-1', parcel, known, heard, signal);

beforeEach(() => {
  vi.useFakeTimers();
  for (const one of Object.values(heard)) one.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function done<T>(work: Promise<T>): Promise<T> {
  const kept = work.catch((error: unknown) => error as T);
  await vi.advanceTimersByTimeAsync(60_000);
  return kept;
}

describe('sending', () => {
  it('goes piece by piece, and tells what came of it', async () => {
    const there = desk();
    const upload = await done(go());
    expect(there.got()).toBe(CONTENT);
    expect(upload.scans).toEqual(['s-1']);
    expect(heard.sent.mock.calls.flat()).toEqual([0, 4, 8, 10]);
  });

  it.each([[3], [2], [4, 5, 6], [5]])(
    'is whole after the line was lost at request %s',
    async (...drops) => {
      const there = desk(drops);
      await done(go());
      expect(there.got()).toBe(CONTENT);
    },
  );

  it('says that it waits, and that it goes on', async () => {
    desk([2]);
    await done(go());
    expect(heard.waits).toHaveBeenCalledWith(true);
    expect(heard.waits).toHaveBeenLastCalledWith(false);
  });

  it('goes on with what was begun before', async () => {
    const there = desk();
    there.begin();
    await done(go('up-1'));
    expect(there.got()).toBe(CONTENT);
  });

  it('begins anew where what was begun is gone', async () => {
    const there = desk();
    await done(go('up-0'));
    expect(there.got()).toBe(CONTENT);
  });

  it('tells a refusal as the desk said it', async () => {
    desk([], 'refused');
    expect(await done(go())).toMatchObject({ stage: 'refused', reason: 'no scan' });
  });

  it('stops when it is told to', async () => {
    desk([2, 3, 4, 5, 6, 7, 8, 9]);
    const stop = new AbortController();
    const work = go('', stop.signal).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    stop.abort();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await work).not.toBeInstanceOf(Refusal);
    expect(stop.signal.aborted).toBe(true);
  });
});

describe('a file', () => {
  it('is told by how its name ends', () => {
    expect(endingOf('SCAN.NII.GZ')).toBe('.nii.gz');
    expect(endingOf('a.zip')).toBe('.zip');
    expect(endingOf('IM0001')).toBeUndefined();
  });

  it('is found again without its name', () => {
    expect(markOf('p-1', parcel, 7)).toBe('p-1:.zip:10:7');
  });
});
