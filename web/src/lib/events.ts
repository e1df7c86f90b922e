// Events: told by the desk as they happen; where that cannot be, nothing is told and the
// page asks now and then instead.

import { addressOf } from './api';

interface Told {
  /** Called with each event's data. */
  told: (data: string) => void;
  /** Called once the desk has nothing more to tell. */
  ended?: () => void;
}

const AGAIN_MS = 15_000;

/** Listen to a route's events until what is returned is called. */
export function listen(
  path: string,
  parts: { path?: Record<string, string>; query?: Record<string, string> },
  { told, ended }: Told,
  name = 'message',
): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    source = new EventSource(addressOf(path, parts));
    source.addEventListener(name, (event) => told(String(event.data)));
    source.addEventListener('end', () => {
      source?.close();
      ended?.();
    });
    // The browser tries again by itself after a lost connection, but not after a refusal.
    source.addEventListener('error', () => {
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
    });
  }
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
