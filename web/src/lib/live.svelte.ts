// Live: something the desk is asked for, again whenever what it depends on changes.

import { Refusal, SignedOut, Unreachable } from './api';
import { net } from './net.svelte';

export interface Live<T> {
  /** The last answer; kept while a newer one is asked for, or cannot be had. */
  readonly data: T | undefined;
  readonly error: Refusal | Unreachable | undefined;
  readonly loading: boolean;
  /** When the data came, in ms. */
  readonly at: number;
  reload(): Promise<void>;
}

/**
 * Ask now, and again when what `load` reads changes, when the desk is back after a lost
 * connection, and every so many ms. To be called while a component is set up.
 */
export function live<T>(
  load: (signal: AbortSignal) => Promise<T> | undefined,
  everyMs = 0,
): Live<T> {
  let data = $state.raw<T | undefined>();
  let error = $state.raw<Refusal | Unreachable | undefined>();
  let loading = $state(true);
  let at = $state(0);
  let running = new AbortController();

  async function ask(): Promise<void> {
    running.abort();
    const mine = (running = new AbortController());
    const asked = load(mine.signal);
    if (!asked) return;
    loading = true;
    try {
      const answer = await asked;
      if (mine.signal.aborted) return;
      data = answer;
      error = undefined;
      at = Date.now();
    } catch (caught) {
      if (mine.signal.aborted || caught instanceof SignedOut) return;
      if (!(caught instanceof Refusal || caught instanceof Unreachable)) throw caught;
      error = caught;
    } finally {
      if (!mine.signal.aborted) loading = false;
    }
  }

  $effect(() => {
    if (!net.online && data !== undefined) return; // asks when it is back
    void ask();
    const timer = everyMs ? setInterval(() => void ask(), everyMs) : undefined;
    return () => {
      clearInterval(timer);
      running.abort();
    };
  });

  return {
    get data() {
      return data;
    },
    get error() {
      return error;
    },
    get loading() {
      return loading;
    },
    get at() {
      return at;
    },
    reload: ask,
  };
}
