import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  addressOf,
  api,
  onSessionEnd,
  Refusal,
  setCsrf,
  SignedOut,
  Unreachable,
} from '../src/lib/api';
import { net } from '../src/lib/net.svelte';

type Made = { address: string; init: RequestInit };
let made: Made[] = [];

/** A desk that answers in turn; the last answer stands. */
function desk(...answers: (Response | Error)[]): void {
  made = [];
  vi.stubGlobal('fetch', (address: string, init: RequestInit) => {
    made.push({ address, init });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(answer?.clone());
  });
}

const json = (body: unknown, status = 200, headers = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });
const nobody = json({ account: null, csrf: '', begins: false });
const somebody = json({ account: { name: 'anna' }, csrf: 'next', begins: false });
const problem = { what: 'this is wrong', expected: 'that', next: 'mend it' };

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  onSessionEnd(() => Promise.resolve(false));
});

describe('an address', () => {
  it('fills its parts and leaves out what is not asked', () => {
    expect(
      addressOf('/api/jobs/{job}', { path: { job: 'j/1' }, query: { a: '', b: 2 } }),
    ).toBe('http://desk/api/jobs/j/1?b=2');
    expect(addressOf('/api/jobs/{job}', { path: { job: 'j 1?x' } })).toBe(
      'http://desk/api/jobs/j%201%3Fx',
    );
  });
});

describe('a request', () => {
  it('that changes something carries the token, one that looks does not', async () => {
    setCsrf('token');
    desk(json([]));
    await api.get('/api/users');
    await api.post('/api/projects', { body: { name: 'Study' } });
    const sent = made.map((one) =>
      new Headers(one.init.headers).get('X-Vesalius-CSRF'),
    );
    expect(sent).toEqual([null, 'token']);
    expect(made[1]?.init.body).toBe('{"name":"Study"}');
  });

  it('that is refused says what, what else and what next', async () => {
    desk(json(problem, 422, { 'Retry-After': '7' }));
    const error = await api.get('/api/users').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject({ ...problem, status: 422, waitSeconds: 7 });
  });

  it('that a proxy refuses is a refusal all the same', async () => {
    desk(new Response('<html>', { status: 413, statusText: 'Too Large' }));
    await expect(api.delete('/api/session')).rejects.toMatchObject({
      what: '413 Too Large',
    });
  });

  it('that looks is tried again; one that changes something is not', async () => {
    vi.useFakeTimers();
    desk(new TypeError('gone'), json([]));
    const looked = api.get('/api/users');
    await vi.runAllTimersAsync();
    expect(await looked).toEqual([]);
    expect(net.online).toBe(true);
    desk(new TypeError('gone'));
    const changed = api.post('/api/projects', { body: { name: 'x' } });
    await expect(changed).rejects.toBeInstanceOf(Unreachable);
    expect(made).toHaveLength(1);
    expect(net.online).toBe(false);
  });
});

describe('an ended session', () => {
  it('is begun again, and what was asked is asked once more', async () => {
    onSessionEnd(() => {
      setCsrf('new');
      return Promise.resolve(true);
    });
    desk(json(problem, 401), nobody, json({ id: 'p' }));
    await api.post('/api/projects', { body: { name: 'Study' } });
    expect(made).toHaveLength(3);
    expect(new Headers(made[2]?.init.headers).get('X-Vesalius-CSRF')).toBe('new');
  });

  it('that is not begun again ends what was asked', async () => {
    desk(json(problem, 401), nobody);
    await expect(api.get('/api/users')).rejects.toBeInstanceOf(SignedOut);
  });

  it('is not taken for a wrong password', async () => {
    const ask = vi.fn(() => Promise.resolve(true));
    onSessionEnd(ask);
    desk(json(problem, 401), somebody);
    const sign = { password: 'wrong', digest: 'ab' };
    await expect(
      api.post('/api/reviews/{result}/sign', { path: { result: 'r' }, body: sign }),
    ).rejects.toMatchObject({ status: 401, what: problem.what });
    expect(ask).not.toHaveBeenCalled();
    desk(json(problem, 401));
    const entry = { name: 'anna', password: 'wrong' };
    await expect(api.post('/api/session', { body: entry })).rejects.toBeInstanceOf(
      Refusal,
    );
    expect(ask).not.toHaveBeenCalled();
  });
});
