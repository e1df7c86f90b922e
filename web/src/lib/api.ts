// The one place that speaks with the desk: typed by its OpenAPI document, one shape of
// error, a session that ends in the middle asks for the password and goes on.

import { net } from './net.svelte';
import type { paths } from './schema';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type With<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends undefined ? never : P;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;

type Part<O, K extends 'path' | 'query'> = O extends {
  parameters: { [X in K]: infer V };
}
  ? { [X in K]: V }
  : O extends { parameters: { [X in K]?: infer V } }
    ? [V] extends [undefined]
      ? object
      : { [X in K]?: V }
    : object;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } }
  ? { body: B }
  : object;
type Asked<O> = Part<O, 'path'> & Part<O, 'query'> & Body<O> & { signal?: AbortSignal };
type Rest<O> = object extends Asked<O> ? [ask?: Asked<O>] : [ask: Asked<O>];

type Json<R> = R extends { content: { 'application/json': infer A } } ? A : undefined;
/** What a route answers: `Answer<'/api/jobs', 'get'>`. */
export type Answer<P extends keyof paths, M extends Method = 'get'> =
  Operation<P, M> extends { responses: infer R }
    ? 200 extends keyof R
      ? Json<R[200]>
      : 201 extends keyof R
        ? Json<R[201]>
        : undefined
    : never;

interface Loose {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}

/** The desk said no: what is wrong, what would have been right, what to do. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly what: string,
    readonly expected: string,
    readonly next: string,
    readonly waitSeconds = 0,
  ) {
    super(what);
  }
}

/** The desk was not reached. */
export class Unreachable extends Error {}

/** The dialog was closed without signing in. */
export class SignedOut extends Error {}

const CSRF = 'X-Vesalius-CSRF';
const RETRIES_MS = [400, 1200];
const AGAIN = new Set([502, 504]); // of a proxy: the desk has not seen it

let csrf = '';
let signInAgain: () => Promise<boolean> = () => Promise.resolve(false);

/** Keep the token that is sent with every change. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Say who asks for the password when a session has ended; answers whether one began. */
export function onSessionEnd(ask: () => Promise<boolean>): void {
  signInAgain = ask;
}

/** Return the address of a route, below whatever path the page itself lies at. */
export function addressOf(
  path: string,
  { path: parts = {}, query = {} }: Pick<Loose, 'path' | 'query'> = {},
): string {
  const filled = path
    .replace(/^\//, '')
    .replace(/\{(\w+)(?::path)?\}/g, (_, name: string) =>
      String(parts[name]).split('/').map(encodeURIComponent).join('/'),
    );
  const given = Object.entries(query).filter(([, value]) => (value ?? '') !== '');
  const words = new URLSearchParams(
    given.map(([name, value]) => [name, String(value)]),
  );
  const page = typeof document === 'undefined' ? 'http://desk/' : document.baseURI;
  return new URL(words.size ? `${filled}?${words}` : filled, page).href;
}

/** Send a request as it is; refusals are thrown, an ended session is begun again. */
export async function raw(address: string, init: RequestInit = {}): Promise<Response> {
  const response = await tried(address, init);
  if (response.ok) return response;
  const isSignIn = address === addressOf('/api/session') && init.method === 'POST';
  if (response.status === 401 && !isSignIn && !(await isSignedIn())) {
    if (!(await signInAgain())) throw new SignedOut();
    return raw(address, init);
  }
  throw await refusalOf(response);
}

async function tried(address: string, init: RequestInit): Promise<Response> {
  const method = init.method ?? 'GET';
  const waits = method === 'GET' ? RETRIES_MS : [];
  for (let turn = 0; ; turn++) {
    try {
      const response = await once(address, init);
      if (!AGAIN.has(response.status) || turn >= waits.length) return response;
    } catch (error) {
      if (!(error instanceof Unreachable) || turn >= waits.length) throw error;
    }
    await new Promise((done) => setTimeout(done, waits[turn]));
  }
}

async function once(address: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if ((init.method ?? 'GET') !== 'GET') headers.set(CSRF, csrf);
  try {
    const response = await fetch(address, {
      ...init,
      headers,
      credentials: 'same-origin',
    });
    net.reached();
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    net.lost();
    throw new Unreachable();
  }
}

async function isSignedIn(): Promise<boolean> {
  const response = await once(addressOf('/api/session'), {});
  const now = (await response.json()) as Answer<'/api/session'>;
  if (now?.account) setCsrf(now.csrf ?? '');
  return Boolean(now?.account);
}

/** Read a refusal; one that is not in the desk's shape is a proxy's. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const wait = Number(response.headers.get('Retry-After') ?? 0);
  const told: unknown = await response.json().catch(() => null);
  const said = (told ?? {}) as { what?: string; expected?: string; next?: string };
  const what = said.what ?? `${response.status} ${response.statusText}`.trim();
  return new Refusal(response.status, what, said.expected ?? '', said.next ?? '', wait);
}

async function call(method: Method, path: string, ask: Loose = {}): Promise<unknown> {
  const init: RequestInit = { method: method.toUpperCase() };
  if (ask.signal) init.signal = ask.signal;
  if (ask.body !== undefined) {
    init.body = JSON.stringify(ask.body);
    init.headers = { 'Content-Type': 'application/json' };
  }
  const response = await raw(addressOf(path, ask), init);
  if (response.status === 204) return undefined;
  return response.json();
}

function verb<M extends Method>(method: M) {
  return <P extends With<M>>(path: P, ...rest: Rest<Operation<P, M>>) =>
    call(method, path, rest[0] as Loose | undefined) as Promise<Answer<P, M>>;
}

/** `api.get('/api/jobs', { query: { project } })`: path, query and body are checked. */
export const api = {
  get: verb('get'),
  post: verb('post'),
  put: verb('put'),
  patch: verb('patch'),
  delete: verb('delete'),
};
