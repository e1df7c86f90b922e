// Who is signed in, what they may do, and the dialog that asks again.

import { api, onSessionEnd, setCsrf, type Answer } from './api';

type Now = NonNullable<Answer<'/api/session'>>;
export type Account = NonNullable<Now['account']>;
export type Role = Account['roles'][number];

const state = $state({
  known: false,
  account: null as Account | null,
  begins: false,
  asking: false,
});
let answered: ((began: boolean) => void) | undefined;
let pending: Promise<boolean> | undefined;

export const session = {
  /** Whether the desk has said who is there. */
  get known(): boolean {
    return state.known;
  },
  get account(): Account | null {
    return state.account;
  },
  /** Whether the first administrator is still to be made. */
  get begins(): boolean {
    return state.begins;
  },
  /** Whether the session ended while a page was open: a dialog asks over it. */
  get asking(): boolean {
    return state.asking;
  },
  /** Say whether the account has one of these roles. */
  may(...roles: Role[]): boolean {
    return roles.some((role) => state.account?.roles.includes(role));
  },
  async load(): Promise<void> {
    keep(await api.get('/api/session'));
  },
  async signIn(name: string, password: string): Promise<void> {
    keep(await api.post('/api/session', { body: { name, password } }));
    settle(true);
  },
  async begin(token: string, name: string, password: string): Promise<void> {
    keep(await api.post('/api/session/first', { body: { token, name, password } }));
  },
  async signOut(): Promise<void> {
    await api.delete('/api/session');
    keep({ account: null, csrf: '', begins: false });
  },
  /** Leave the dialog: the page goes, and with it what was drawn. */
  leave(): void {
    settle(false);
    keep({ account: null, csrf: '', begins: false });
  },
};

function keep(now: Now | undefined): void {
  state.known = true;
  state.account = now?.account ?? null;
  state.begins = now?.begins ?? false;
  setCsrf(now?.csrf ?? '');
}

function settle(began: boolean): void {
  state.asking = false;
  pending = undefined;
  answered?.(began);
  answered = undefined;
}

// Whatever waits for the session waits for the same dialog.
onSessionEnd(() => {
  if (!state.account) return Promise.resolve(false);
  state.asking = true;
  pending ??= new Promise((done) => (answered = done));
  return pending;
});
