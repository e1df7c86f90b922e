// Case: one answer and its scan, as all five views share them.

import { addressOf, api, raw, type Answer } from '../api';
import { live, type Live } from '../live.svelte';
import type { Quality } from '../picture/fetching';
import { lineOf } from '../picture/line';
import { lookOf, type Look } from '../picture/look.svelte';
import { slotOf, type Bell, type Slot } from '../picture/slot';
import { firstWindow } from '../picture/windows';
import type { Figure } from './frequencies';
import type { Told } from './facts';
import { knownScan } from './known';

export type Review = Answer<'/api/reviews/{result}'>;
export type Subject = Answer<'/api/reviews/{result}/subject'>;
export type Versions = Answer<'/api/results/{result}/versions'>;
export type Version = Versions[number];

/** The numbers of an answer, with what the desk adds to them. */
export interface Numbers extends Told {
  readonly label: string;
  readonly version: string;
  readonly volumes: readonly string[];
  readonly card: (Told['card'] & { readonly figures: readonly Figure[] }) | null;
}

export type VolumeName =
  'picture' | 'spread' | 'imagined' | 'mask' | 'certain' | 'possible';

export interface Case {
  readonly result: string;
  readonly review: Live<Review>;
  readonly subject: Live<Subject>;
  readonly numbers: Live<Numbers>;
  readonly versions: Live<Versions>;
  readonly scan: Slot | undefined;
  /** Which version is looked at: the one that is decided on, until another is chosen. */
  readonly version: string;
  /** Where one looks; undefined until a picture has come. */
  readonly look: Look | undefined;
  readonly hasSides: boolean;
  choose(version: string): void;
  /** A volume of the answer; undefined where it has none of that name. */
  volume(name: VolumeName, version?: string): Slot | undefined;
  /** Ask where the review stands, after something was done or refused. */
  again(): Promise<void>;
}

/** Open a case. To be called while a component is set up. */
export function openCase(result: string): Case {
  const closed = new AbortController();
  $effect(() => () => closed.abort());
  const path = { result };
  const review = live((signal) => api.get('/api/reviews/{result}', { path, signal }));
  const isOpen = $derived(Boolean(review.data?.seen || review.data?.look_again));
  const digest = $derived(review.data?.digest ?? '');
  const subject = live((signal) =>
    api.get('/api/reviews/{result}/subject', { path, signal }),
  );
  const numbers = live((signal) => (isOpen ? asNumbers(result, signal) : undefined));
  const versions = live((signal) =>
    isOpen && digest !== undefined
      ? api.get('/api/results/{result}/versions', { path, signal })
      : undefined,
  );
  let chosen = $state('');
  let look = $state.raw<Look | undefined>();
  const current = $derived(versions.data?.find((one) => one.is_current)?.digest ?? '');
  const version = $derived(chosen || current || digest);

  let rung = $state(0);
  const bell: Bell = { hear: () => void rung, ring: () => (rung += 1) };
  // What is in a slot changes; which slots there are is asked for by name.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  const slots = new Map<string, Slot>();
  const line = lineOf();
  const slot = (key: string, address: (quality: Quality) => string): Slot => {
    const known = slots.get(key);
    if (known) return known;
    const made = slotOf(address, closed.signal, bell, line);
    slots.set(key, made);
    return made;
  };
  const scan = $derived(scanSlot(result, subject.data, slot));

  $effect(() => {
    const seen = scan;
    if (seen) void seen.see().then(() => void seen.seeAll());
  });
  $effect(() => {
    const about = subject.data;
    if (look || !about || !scan?.volume || !scan.frame) return;
    const isHead = (numbers.data?.provenance.task ?? about.verb) === 'translate';
    look = lookOf(scan.frame, firstWindow(scan.volume, about.scan.modality, isHead));
  });
  // The preview's grid is coarser: once all of it is there, one looks through that.
  $effect(() => {
    if (look && scan?.frame && look.frame !== scan.frame) look.setFrame(scan.frame);
  });

  return {
    result,
    review,
    subject,
    numbers,
    versions,
    get scan() {
      return scan;
    },
    get version() {
      return version;
    },
    get look() {
      return look;
    },
    get hasSides() {
      return scan?.volume?.hasSides ?? true;
    },
    choose: (digest) => (chosen = digest),
    volume: (name, of) => {
      if (!numbers.data?.volumes.includes(name)) return undefined;
      const wanted = of ?? version;
      return slot(`${name} ${wanted}`, (quality) =>
        addressOf('/api/results/{result}/volumes/{name}', {
          path: { result, name },
          query: { quality, version: wanted },
        }),
      );
    },
    again: async () => {
      chosen = '';
      await review.reload();
      await versions.reload();
    },
  };
}

async function asNumbers(result: string, signal: AbortSignal): Promise<Numbers> {
  const address = addressOf('/api/results/{result}/told', { path: { result } });
  const told: unknown = await (await raw(address, { signal })).json();
  return told as Numbers;
}

function scanSlot(
  result: string,
  about: Subject | undefined,
  slot: (key: string, address: (quality: Quality) => string) => Slot,
): Slot | undefined {
  const scan = about?.scan.id ?? knownScan(result);
  if (scan === undefined) return undefined;
  return slot('scan', (quality) =>
    addressOf('/api/scans/{scan}/volume', {
      path: { scan },
      query: { quality },
    }),
  );
}
