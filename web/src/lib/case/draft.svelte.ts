// Draft: what a reader draws on one version of an answer, kept until the desk has it.

import { addressOf, api, raw, SignedOut, Unreachable } from '../api';
import { net } from '../net.svelte';
import type { Act } from '../picture/hands';
import {
  drawn,
  finished,
  maskMl,
  packed,
  type Painted,
  redone,
  repainted,
  type Stroke,
  undone,
} from '../picture/mask';
import { valueAt } from '../picture/nifti';
import type { Frame } from '../picture/planes';
import type { Slot } from '../picture/slot';
import { session } from '../session.svelte';
import type { Case } from './case.svelte';
import { draftKey, openShelf, type Added, type Draft, type Shelf } from './keeping';

export interface DraftState {
  /** The mask as it is drawn; undefined where nothing is being corrected. */
  readonly painted: Painted | undefined;
  readonly frame: Frame | undefined;
  /** Counts up with each change of the voxels. */
  readonly edition: number;
  readonly volumeMl: number;
  readonly isChanged: boolean;
  /** How many strokes came back from an earlier visit. */
  readonly restored: number;
  /** Whether what is drawn outlives the page. */
  readonly outlives: boolean;
  readonly dismissed: readonly number[];
  readonly added: readonly Added[];
  readonly sending: 'no' | 'now' | 'waits';
  readonly error: unknown;
  /** Begin to correct the version that is decided on; what was drawn before is there. */
  begin(): Promise<void>;
  act(act: Act): void;
  undo(): void;
  redo(): void;
  dismiss(at: number): void;
  add(one: Added): void;
  take(at: number): void;
  /** Send it as a version of its own; where the desk is not reached, when it is back. */
  send(): Promise<boolean>;
  discard(): Promise<void>;
}

/** Open what was drawn on a case. To be called while a component is set up. */
export function openDraft(open: Case): DraftState {
  let painted = $state.raw<Painted | undefined>();
  let frame = $state.raw<Frame | undefined>();
  let edition = $state(0);
  let restored = $state(0);
  let outlives = $state(true);
  let dismissed = $state.raw<readonly number[]>([]);
  let added = $state.raw<readonly Added[]>([]);
  let sending = $state<'no' | 'now' | 'waits'>('no');
  let error = $state.raw<unknown>();
  let stroke: Stroke | undefined;
  let digest = '';
  const shelf: Promise<Shelf> = openShelf().then((opened) => {
    outlives = opened.outlives;
    return opened.shelf;
  });
  const key = (): string => draftKey(session.account?.id ?? '', open.result, digest);
  let volumeMl = $state(0); // counted when a stroke ends: there are many voxels
  const changed = $derived(
    Boolean(painted?.strokes.length) || dismissed.length > 0 || added.length > 0,
  );

  async function keep(): Promise<void> {
    const draft = {
      strokes: painted?.strokes ?? [],
      dismissed,
      added,
      at: Date.now(),
    };
    const isEmpty = !draft.strokes.length && !draft.dismissed.length && !added.length;
    const [on, name] = [await shelf, key()];
    try {
      await (isEmpty ? on.drop(name) : on.put(name, draft));
    } catch {
      outlives = false; // a browser that is full: the page says so
    }
  }
  function become(next: Painted): void {
    painted = next;
    volumeMl = frame ? maskMl(frame, next.now) : 0;
    edition += 1;
    void keep();
  }
  function clear(): void {
    painted = undefined;
    frame = undefined;
    dismissed = [];
    added = [];
    restored = 0;
    sending = 'no';
    edition += 1;
  }
  async function begin(): Promise<void> {
    digest = open.review.data?.digest ?? '';
    error = undefined;
    const slot = open.volume('mask', digest);
    await slot?.seeAll();
    const nothing: Draft = { at: 0 };
    const kept = (await (await shelf).get(key())) ?? nothing;
    if (slot && !layOut(slot, kept.strokes ?? [])) {
      error = slot.error;
      return;
    }
    dismissed = kept.dismissed ?? [];
    added = kept.added ?? [];
    restored = (painted?.strokes.length ?? 0) + dismissed.length + added.length;
    edition += 1;
  }
  /** Lay the outline out to be drawn on; false where not all of it is here. */
  function layOut(slot: Slot, strokes: readonly Stroke[]): boolean {
    const { volume } = slot;
    if (!volume || !slot.frame || slot.quality !== 'full') return false;
    const isInside = (_: number, at: number): number =>
      valueAt(volume, at) > 0.5 ? 1 : 0;
    frame = slot.frame;
    painted = repainted(slot.frame, Uint8Array.from(volume.stored, isInside), strokes);
    volumeMl = maskMl(slot.frame, painted.now);
    return true;
  }
  function act({ stage, plane, mm }: Act): void {
    const { look } = open;
    if (
      !painted ||
      !frame ||
      !look ||
      (look.tool !== 'brush' && look.tool !== 'eraser')
    )
      return;
    const part = {
      isBrush: look.tool === 'brush',
      plane,
      radiusMm: look.brushMm / 2,
      isBall: look.isBall,
      places: [mm],
    };
    if (stage === 'begin') stroke = part;
    if (!stroke) return;
    const last = stroke.places.at(-1) ?? mm;
    drawn(frame, painted, { ...stroke, places: [last, mm] });
    if (stage === 'go') stroke = { ...stroke, places: [...stroke.places, mm] };
    edition += 1;
    if (stage === 'end') {
      const whole =
        last === mm ? stroke : { ...stroke, places: [...stroke.places, mm] };
      stroke = undefined;
      become(finished(painted, whole));
    }
  }
  async function deliver(): Promise<void> {
    const path = { result: open.result };
    if (painted) {
      const address = addressOf('/api/reviews/{result}/correct/mask', {
        path,
        query: { digest },
      });
      const headers = { 'Content-Type': 'application/gzip' };
      await raw(address, { method: 'POST', body: await packed(painted.now), headers });
    } else {
      const body = { digest, dismissed: [...dismissed], added: added.map(plainAdded) };
      await api.post('/api/reviews/{result}/correct/findings', { path, body });
    }
  }
  async function send(): Promise<boolean> {
    sending = 'now';
    error = undefined;
    try {
      await deliver();
    } catch (caught) {
      // What was drawn stays: it is sent when the desk is back.
      sending = caught instanceof Unreachable ? 'waits' : 'no';
      if (!(caught instanceof SignedOut)) error = caught;
      return false;
    }
    await (await shelf).drop(key());
    clear();
    await open.again();
    return true;
  }
  $effect(() => {
    if (net.online && sending === 'waits') void send();
  });

  return {
    get painted() {
      return painted;
    },
    get frame() {
      return frame;
    },
    get edition() {
      return edition;
    },
    get volumeMl() {
      return volumeMl;
    },
    get isChanged() {
      return changed;
    },
    get restored() {
      return restored;
    },
    get outlives() {
      return outlives;
    },
    get dismissed() {
      return dismissed;
    },
    get added() {
      return added;
    },
    get sending() {
      return sending;
    },
    get error() {
      return error;
    },
    begin,
    act,
    undo: () => frame && painted && become(undone(frame, painted)),
    redo: () => frame && painted && become(redone(frame, painted)),
    dismiss: (at) => {
      dismissed = dismissed.includes(at)
        ? dismissed.filter((one) => one !== at)
        : [...dismissed, at];
      void keep();
    },
    add: (one) => {
      added = [...added, one];
      void keep();
    },
    take: (at) => {
      added = added.filter((_, n) => n !== at);
      void keep();
    },
    send,
    discard: async () => {
      await (await shelf).drop(key());
      clear();
    },
  };
}

function plainAdded(one: Added) {
  const [x, y, z] = one.position_mm;
  return {
    position_mm: [x, y, z] as [number, number, number],
    diameter_mm: one.diameter_mm,
  };
}
