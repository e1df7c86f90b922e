/** A volume that comes in pieces: resumed where it broke, begun anew where it changed. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const CONTENT = Uint8Array.from({ length: 100 }, (_, at) => at);

/** A desk whose line breaks after so many bytes of each answer, but the last. */
function desk(breaks: readonly number[], tags: readonly string[]) {
  const asked: (string | null)[] = [];
  const answer = (_: string, init: RequestInit): Promise<Response> => {
    const turn = asked.length;
    const range = new Headers(init.headers).get('Range');
    const known = new Headers(init.headers).get('If-Range');
    const tag = tags[Math.min(turn, tags.length - 1)] ?? '';
    asked.push(range);
    const isPart = range !== null && known === tag;
    const from = isPart ? Number(/\d+/.exec(range)?.[0]) : 0;
    const stop = breaks[turn];
    let pulls = 0;
    const body = new ReadableStream(
      {
        pull(stream) {
          pulls += 1;
          if (pulls === 1) stream.enqueue(CONTENT.slice(from, stop ?? 100));
          else if (stop === undefined) stream.close();
          else stream.error(new TypeError('network error'));
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { ETag: tag, 'Content-Length': String(100 - from) };
    return Promise.resolve(new Response(body, { status: isPart ? 206 : 200, headers }));
  };
  return { asked, answer };
}

describe('a download', () => {
  beforeEach(() => {
    vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 500 });
    vi.stubGlobal('document', { baseURI: 'http://desk/' });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  async function fetched(breaks: readonly number[], tags: readonly string[]) {
    const { download } = await import('../../src/lib/picture/fetching');
    const { asked, answer } = desk(breaks, tags);
    vi.stubGlobal('fetch', (to: string | URL, init: RequestInit = {}) =>
      String(to).endsWith('health')
        ? Promise.resolve(new Response('{}'))
        : answer(String(to), init),
    );
    const got = await download('http://desk/api/x', new AbortController().signal);
    return { asked, bytes: [...got.bytes] };
  }

  it('goes on from where it broke off', async () => {
    const { asked, bytes } = await fetched([30, 70], ['"a"']);
    expect(asked).toEqual([null, 'bytes=30-', 'bytes=70-']);
    expect(bytes).toEqual([...CONTENT]);
  });

  it('begins anew where the file has changed meanwhile', async () => {
    const { bytes } = await fetched([30], ['"a"', '"b"']);
    expect(bytes).toEqual([...CONTENT]);
  });
});
