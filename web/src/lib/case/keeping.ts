// Keeping: what is drawn and typed stays in the browser until the desk has it.

import type { Stroke } from '../picture/mask';

/** What a reader has begun on one version of an answer. */
export interface Draft {
  readonly strokes?: readonly Stroke[];
  readonly dismissed?: readonly number[];
  readonly added?: readonly Added[];
  readonly at: number;
}

export interface Added {
  readonly position_mm: readonly [number, number, number];
  readonly diameter_mm: number;
}

/** Where drafts are kept. */
export interface Shelf {
  get(key: string): Promise<Draft | undefined>;
  put(key: string, draft: Draft): Promise<void>;
  drop(key: string): Promise<void>;
}

const NAME = 'vesalius';
const STORE = 'drafts';
const KEPT_MS = 90 * 24 * 3600 * 1000; // then whoever drew it has forgotten it too

/** Return the key of a draft: it belongs to one person and one version of one answer. */
export function draftKey(account: string, result: string, version: string): string {
  return [account, result, version].join(' ');
}

/** Keep drafts in the browser's own database; nothing of a patient is in them. */
export function browserShelf(): Shelf {
  let opened: Promise<IDBDatabase> | undefined;
  const database = (): Promise<IDBDatabase> => (opened ??= openDatabase());
  return {
    get: async (key) => {
      const where = (await database()).transaction(STORE).objectStore(STORE);
      return (await answered(where.get(key))) as Draft | undefined;
    },
    put: async (key, draft) => changed(await database(), (s) => s.put(draft, key)),
    drop: async (key) => changed(await database(), (s) => s.delete(key)),
  };
}

/** Keep drafts as long as the page lives: for browsers that keep nothing. */
export function pageShelf(): Shelf {
  const kept = new Map<string, Draft>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    put: (key, draft) => Promise.resolve(void kept.set(key, draft)),
    drop: (key) => Promise.resolve(void kept.delete(key)),
  };
}

/** Return a shelf that works here, and whether it outlives the page. */
export async function openShelf(): Promise<{ shelf: Shelf; outlives: boolean }> {
  const shelf = browserShelf();
  try {
    await shelf.get('');
    await sweep(await openDatabase());
    return { shelf, outlives: true };
  } catch {
    return { shelf: pageShelf(), outlives: false };
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const open = indexedDB.open(NAME, 1);
  open.onupgradeneeded = () => void open.result.createObjectStore(STORE);
  return answered(open);
}

/**
 * Change what is kept, and say so when it is.
 *
 * It is on its way before this returns, and in turn with what came before it: a page that
 * is closed at once takes the last stroke with it, not away.
 */
function changed(
  database: IDBDatabase,
  change: (where: IDBObjectStore) => void,
): Promise<void> {
  const transaction = database.transaction(STORE, 'readwrite');
  change(transaction.objectStore(STORE));
  transaction.commit();
  return new Promise((kept, lost) => {
    transaction.oncomplete = () => kept();
    transaction.onabort = () => lost(transaction.error);
  });
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((found, failed) => {
    request.onsuccess = () => found(request.result);
    request.onerror = () => failed(request.error);
  });
}

/** Drop drafts that nobody has come back for. */
async function sweep(database: IDBDatabase): Promise<void> {
  const where = database.transaction(STORE, 'readwrite').objectStore(STORE);
  const cursor = where.openCursor();
  await new Promise<void>((swept, failed) => {
    cursor.onerror = () => failed(cursor.error);
    cursor.onsuccess = () => {
      const at = cursor.result;
      if (!at) {
        database.close();
        swept();
        return;
      }
      if (Date.now() - (at.value as Draft).at > KEPT_MS) {
        at.delete();
      }
      at.continue();
    };
  });
}
