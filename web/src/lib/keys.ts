// Keys: one list of what the keyboard does here; `?` shows it.

export interface Shortcut {
  /** As `event.key` says: "?", "j", "ArrowUp", "Shift+ArrowUp"; two in turn: "g w". */
  keys: string;
  /** What it does, from the catalogue. */
  words: string;
  /** Under which heading it is listed. */
  group: string;
  run: (event: KeyboardEvent) => void;
}

const TURN_MS = 1200;
const known = new Set<Shortcut>();
let before = '';
let at = 0;

/** Add shortcuts while a view is open; call what is returned when it closes. */
export function shortcuts(...added: Shortcut[]): () => void {
  for (const one of added) known.add(one);
  return () => {
    for (const one of added) known.delete(one);
  };
}

/** List what the keyboard does now. */
export function listed(): Shortcut[] {
  return [...known].sort((a, b) => a.group.localeCompare(b.group));
}

/** Return a key as shortcuts name it. */
export function nameOf(event: Pick<KeyboardEvent, 'key' | 'shiftKey'>): string {
  const isLong = event.key.length > 1;
  return isLong && event.shiftKey ? `Shift+${event.key}` : event.key;
}

const TYPED = 'input:not([type=checkbox],[type=radio],[type=range]), textarea, select';

/** Do what a key is for; keys that are typed into a field, or held for the browser, pass. */
export function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(TYPED) || document.querySelector('dialog[open]')) return;
  const name = nameOf(event);
  const pair = event.timeStamp - at < TURN_MS ? `${before} ${name}` : name;
  const found = find(pair) ?? find(name);
  before = name;
  at = event.timeStamp;
  if (!found) return;
  event.preventDefault();
  before = '';
  found.run(event);
}

// The latest wins: a view may take over what the page does elsewhere.
function find(keys: string): Shortcut | undefined {
  return [...known].reverse().find((one) => one.keys === keys);
}
