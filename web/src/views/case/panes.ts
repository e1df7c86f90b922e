// Panes: which layers make the scan and the answer, verb by verb.

import type { Case, Version, VolumeName } from '../../lib/case/case.svelte';
import { said, t } from '../../lib/messages';
import type { Layer, Mark } from '../../lib/picture/layers';
import type { Look, Side } from '../../lib/picture/look.svelte';
import { DOUBT, OUTLINE, type Colour } from '../../lib/picture/paint';
import type { Tag } from '../../lib/picture/signs';
import type { Slot } from '../../lib/picture/slot';

/** What is seen on a cut, and what is written on it. */
export interface Pane {
  /** For those who do not see it: "before", "after". */
  readonly name: string;
  readonly side: Side;
  readonly layers: readonly Layer[];
  readonly tags: readonly Tag[];
}

const FINDING: Colour = [86, 204, 255];
const TINT = 90; // of 255: the scan is seen through it
const PICTURED = new Set(['segment', 'detect']); // their picture is the scan itself

/** Say whether a verb makes a picture of its own, or draws on the scan. */
export function makesPicture(verb: string): boolean {
  return !PICTURED.has(verb);
}

/** Return what an answer shows beside the scan, or on it; nothing until it is known. */
export function onScan(verb: string): readonly VolumeName[] {
  if (!verb) return [];
  if (makesPicture(verb)) return ['picture', 'mask'];
  return verb === 'segment' ? ['mask', 'spread'] : ['mask'];
}

/** Return the scan as it was measured. */
export function scanPane(open: Case, look: Look): Pane {
  const layers = greyLayers(open.scan, look, 'before');
  const about = open.subject.data?.scan;
  const kind = [about?.modality, about?.contrast].filter(Boolean).join(' ');
  const tags: Tag[] = [{ text: t('tag.scan', { kind }), isGenerated: false }];
  return {
    name: t('pane.before'),
    side: 'before',
    layers,
    tags: [...tags, ...preview(open.scan)],
  };
}

/** Return the answer: a picture, or what was drawn on the scan. */
export function answerPane(open: Case, look: Look): Pane {
  const verb = open.subject.data?.verb ?? '';
  const version = versionOf(open);
  const picture = makesPicture(verb) ? open.volume('picture') : open.scan;
  const layers = [
    ...greyLayers(picture, look, makesPicture(verb) ? 'after' : 'before'),
    ...outlines(open),
    ...findingMarks(version?.findings ?? []),
  ];
  return {
    name: t('pane.after'),
    side: 'after',
    layers,
    tags: answerTags(open, picture),
  };
}

/** Say on the picture itself that a machine made it, and whether anybody has signed. */
export function answerTags(open: Case, picture: Slot | undefined): Tag[] {
  const verb = open.subject.data?.verb ?? '';
  const by = versionOf(open)?.by ?? '';
  const label = open.review.data?.label ?? '';
  const tags = [{ text: said('tag', verb), isGenerated: true }];
  if (by) tags.push({ text: t('tag.corrected', { by }), isGenerated: true });
  tags.push({ text: label || t('tag.signed'), isGenerated: true });
  return [...tags, ...preview(picture)];
}

/** Return the version that is looked at. */
export function versionOf(open: Case): Version | undefined {
  return open.versions.data?.find((one) => one.digest === open.version);
}

/** Paint a volume in greys, through the window of its side. */
export function greyLayers(slot: Slot | undefined, look: Look, side: Side): Layer[] {
  if (!slot?.volume || !slot.frame) return [];
  const scale = { kind: 'grey', window: look.windows[side] } as const;
  return [
    { kind: 'picture', volume: slot.volume, frame: slot.frame, scale, opacity: 1 },
  ];
}

/** Draw a mask as a line, and the band of doubt as a tint. */
export function outlines(open: Case): Layer[] {
  return [
    ...tinted(open.volume('spread'), open),
    ...lined(open.volume('mask'), OUTLINE),
  ];
}

/** Draw where a mask runs. */
export function lined(
  slot: Slot | undefined,
  colour: Colour,
  isDashed = false,
): Layer[] {
  if (!slot?.volume || !slot.frame) return [];
  return [
    { kind: 'outline', volume: slot.volume, frame: slot.frame, colour, isDashed },
  ];
}

function tinted(slot: Slot | undefined, open: Case): Layer[] {
  if (open.subject.data?.verb !== 'segment' || !slot?.volume || !slot.frame) return [];
  const scale = { kind: 'tint', colour: DOUBT, opaque: TINT } as const;
  return [
    { kind: 'picture', volume: slot.volume, frame: slot.frame, scale, opacity: 1 },
  ];
}

/** Ring findings, each with its number in the list. */
export function findingMarks(
  findings: Version['findings'],
  gone: readonly number[] = [],
): Layer[] {
  const marks: Mark[] = findings.map((one, at) => ({
    mm: one.position_mm as unknown as Mark['mm'],
    radiusMm: one.size_mm / 2,
    words: String(at + 1),
    isGone: gone.includes(at),
  }));
  return marks.length ? [{ kind: 'marks', marks, colour: FINDING }] : [];
}

function preview(slot: Slot | undefined): Tag[] {
  return slot?.quality === 'preview'
    ? [{ text: t('tag.preview'), isGenerated: false }]
    : [];
}
