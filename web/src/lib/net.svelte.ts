// Whether the desk is reached, and when it last was.

const LOOK_AGAIN_MS = 3000;

const state = $state({ online: true, seen: 0 });
let timer: ReturnType<typeof setTimeout> | undefined;

export const net = {
  /** Whether the last request was answered. */
  get online(): boolean {
    return state.online;
  },
  /** When the desk last answered, in ms; 0 before the first answer. */
  get seen(): number {
    return state.seen;
  },
  /** Note an answer. */
  reached(): void {
    state.online = true;
    state.seen = Date.now();
    clearTimeout(timer);
  },
  /** Note that there was none; the desk is looked for until it is back. */
  lost(): void {
    state.online = false;
    clearTimeout(timer);
    timer = setTimeout(() => void net.look(), LOOK_AGAIN_MS);
  },
  /** Look whether the desk is there. */
  async look(): Promise<void> {
    try {
      await fetch('health', { cache: 'no-store' });
      net.reached();
    } catch {
      net.lost();
    }
  },
};

if (typeof window !== 'undefined') {
  window.addEventListener('offline', () => net.lost());
  window.addEventListener('online', () => void net.look());
}
