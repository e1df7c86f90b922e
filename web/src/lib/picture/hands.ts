// Hands: what mouse, finger, pen and keyboard do on a cut.

import type { Look, Side } from './look.svelte';
import type { Measured } from './measure';
import { countOf, LIES, moved, placeOf, type Plane } from './planes';
import { fromScreen, type Screen, type Shown } from './sight';
import type { Three } from './space';

/** What the hand does with a tool that changes more than where one looks. */
export interface Act {
  readonly stage: 'begin' | 'go' | 'end';
  readonly plane: Plane;
  readonly mm: Three;
}

export interface Hand {
  readonly plane: Plane;
  readonly look: Look;
  /** Which window is moved. */
  readonly side: Side;
  /** Where the divider stands; undefined where there is none to move. */
  readonly split: number | undefined;
  readonly onsplit: ((share: number) => void) | undefined;
  readonly onact: ((act: Act) => void) | undefined;
  readonly shown: () => Shown | undefined;
  readonly screen: () => Screen;
}

interface Held {
  readonly what: 'split' | 'pan' | 'window' | 'tool';
  x: number;
  y: number;
}

const GRAB_PX = 14;
const WINDOW_PX = 300; // across the window's width
const WHEEL_PX = 40; // of a fine wheel, a cut
const CLOSER = 1.25;
const DRAWING = new Set(['brush', 'eraser', 'mark']);

/** Attach the hand to a canvas. */
export function handled(hand: () => Hand): (node: HTMLCanvasElement) => () => void {
  return (node) => {
    const fingers = new Map<number, { x: number; y: number }>();
    let held: Held | null = null;
    let wheel = 0;

    const down = (event: PointerEvent): void => {
      node.focus({ preventScroll: true });
      fingers.set(event.pointerId, event);
      if (fingers.size > 1) {
        held = null; // two fingers: closer, and across
        return;
      }
      capture(node, event.pointerId);
      held = taken(hand(), node, event);
      if (held.what === 'tool') use(hand(), node, event, 'begin');
    };
    const move = (event: PointerEvent): void => {
      if (fingers.size === 2 && fingers.has(event.pointerId)) {
        pinch(hand(), node, fingers, event);
      } else if (held) {
        drag(hand(), node, held, event);
        held.x = event.clientX;
        held.y = event.clientY;
      }
      if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
    };
    const up = (event: PointerEvent): void => {
      if (held?.what === 'tool') use(hand(), node, event, 'end');
      lost(event);
    };
    // The page scrolls: what the finger did says nothing more.
    const lost = (event: PointerEvent): void => {
      if (event.type === 'pointercancel' && held?.what === 'tool') finish(hand());
      fingers.delete(event.pointerId);
      held = null;
    };
    const turn = (event: WheelEvent): void => {
      event.preventDefault();
      const { look, plane } = hand();
      if (event.ctrlKey || event.metaKey) {
        const spot = spotAt(hand(), node, event);
        look.zoom(plane, Math.exp(-event.deltaY / 300), spot?.u, spot?.w);
        return;
      }
      wheel += event.deltaMode === 0 ? event.deltaY / WHEEL_PX : event.deltaY;
      const cuts = Math.trunc(wheel);
      wheel -= cuts;
      if (cuts) look.scroll(plane, -cuts);
    };
    const menu = (event: Event): void => event.preventDefault();
    node.addEventListener('pointerdown', down);
    node.addEventListener('pointermove', move);
    node.addEventListener('pointerup', up);
    node.addEventListener('pointercancel', lost);
    node.addEventListener('wheel', turn, { passive: false });
    node.addEventListener('contextmenu', menu);
    return () => {
      node.removeEventListener('pointerdown', down);
      node.removeEventListener('pointermove', move);
      node.removeEventListener('pointerup', up);
      node.removeEventListener('pointercancel', lost);
      node.removeEventListener('wheel', turn);
      node.removeEventListener('contextmenu', menu);
    };
  };
}

/** Do what a key is for while a cut has the focus; others are the page's. */
export function keyed(hand: Hand, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const does = event.shiftKey ? KEYS[`Shift+${event.key}`] : KEYS[event.key];
  if (!does) return;
  event.preventDefault();
  event.stopPropagation();
  does(hand);
}

type Does = (hand: Hand) => void;

// Towards the edges of the screen: all run down RAS+, see planes.ts.
const step =
  (way: 'across' | 'down', by: number): Does =>
  ({ look, plane }) =>
    look.lookAt(moved(look.frame, look.focus, LIES[plane][way], by));
const cut =
  (by: number): Does =>
  ({ look, plane }) =>
    look.scroll(plane, by);
const divide =
  (by: number): Does =>
  (hand) => {
    if (hand.split === undefined) step('across', by > 0 ? -1 : 1)(hand);
    else hand.onsplit?.(Math.min(1, Math.max(0, hand.split + by)));
  };

const KEYS: Readonly<Record<string, Does>> = {
  ArrowUp: cut(1),
  ArrowDown: cut(-1),
  PageUp: cut(10),
  PageDown: cut(-10),
  Home: ({ look, plane }) => look.scrollTo(plane, countOf(look.frame, plane) - 1),
  End: ({ look, plane }) => look.scrollTo(plane, 0),
  ArrowLeft: divide(-0.05),
  ArrowRight: divide(0.05),
  'Shift+ArrowLeft': step('across', 1),
  'Shift+ArrowRight': step('across', -1),
  'Shift+ArrowUp': step('down', 1),
  'Shift+ArrowDown': step('down', -1),
  '+': ({ look, plane }) => look.zoom(plane, CLOSER),
  'Shift++': ({ look, plane }) => look.zoom(plane, CLOSER),
  '-': ({ look, plane }) => look.zoom(plane, 1 / CLOSER),
  '0': ({ look }) => look.fit(),
  ' ': press,
  Enter: press,
};

/** With the keyboard a tool is used where the lines cross: begun, then ended. */
function press(hand: Hand): void {
  const { look, plane, onact } = hand;
  const mm = look.focus;
  if (look.tool === 'length' || look.tool === 'ball') {
    const last = look.measured.at(-1);
    if (last?.kind === look.tool && isOpen(last)) look.remeasure(endedAt(last, mm));
    else look.measure(begunAt(look.tool, mm));
    return;
  }
  if (DRAWING.has(look.tool)) onact?.({ stage: 'begin', plane, mm });
  onact?.({ stage: 'end', plane, mm });
}

/** Whether only one end of it has been set. */
function isOpen(one: Measured): boolean {
  return one.kind === 'length' ? one.from === one.to : one.centre === one.edge;
}

/** A stroke that the page took away from the finger ends where it was. */
function finish({ look, plane, onact }: Hand): void {
  if (DRAWING.has(look.tool)) onact?.({ stage: 'end', plane, mm: look.focus });
}

function begunAt(tool: 'length' | 'ball', mm: Three) {
  return tool === 'length'
    ? ({ kind: 'length', from: mm, to: mm } as const)
    : ({ kind: 'ball', centre: mm, edge: mm } as const);
}

function endedAt<M extends ReturnType<typeof begunAt>>(one: M, mm: Three) {
  return one.kind === 'length' ? { ...one, to: mm } : { ...one, edge: mm };
}

function taken(hand: Hand, node: HTMLElement, event: PointerEvent): Held {
  const at = { x: event.clientX, y: event.clientY };
  const x = event.clientX - node.getBoundingClientRect().left;
  if (event.button === 1 || event.shiftKey) return { what: 'pan', ...at };
  if (event.button === 2 || hand.look.tool === 'window')
    return { what: 'window', ...at };
  const line = (hand.split ?? -1) * hand.screen().width;
  if (hand.split !== undefined && Math.abs(x - line) < GRAB_PX) {
    return { what: 'split', ...at };
  }
  return { what: 'tool', ...at };
}

function drag(hand: Hand, node: HTMLElement, held: Held, event: PointerEvent): void {
  const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
  const scale = hand.shown()?.scale ?? 1;
  if (held.what === 'split') {
    const x = event.clientX - node.getBoundingClientRect().left;
    hand.onsplit?.(Math.min(1, Math.max(0, x / hand.screen().width)));
  } else if (held.what === 'pan') {
    hand.look.pan(hand.plane, -dx / scale, -dy / scale);
  } else if (held.what === 'window') {
    hand.look.shiftWindow(hand.side, -dy / WINDOW_PX, dx / WINDOW_PX);
  } else {
    // A fast pen reports several places at once.
    const every = event.getCoalescedEvents?.() ?? [];
    for (const one of every.length ? every : [event]) use(hand, node, one, 'go');
  }
}

function pinch(
  hand: Hand,
  node: HTMLElement,
  fingers: ReadonlyMap<number, { x: number; y: number }>,
  event: PointerEvent,
): void {
  const [other] = [...fingers]
    .filter(([id]) => id !== event.pointerId)
    .map(([, at]) => at);
  const before = fingers.get(event.pointerId);
  if (!other || !before) return;
  const far = (at: { x: number; y: number }): number =>
    Math.max(1, Math.hypot(at.x - other.x, at.y - other.y));
  const spot = spotAt(hand, node, event);
  hand.look.zoom(hand.plane, far(event) / far(before), spot?.u, spot?.w);
  const scale = hand.shown()?.scale ?? 1;
  const half = -0.5 / scale; // the middle of two fingers moves half as far as one
  hand.look.pan(hand.plane, (event.x - before.x) * half, (event.y - before.y) * half);
}

function use(
  hand: Hand,
  node: HTMLElement,
  event: PointerEvent,
  stage: Act['stage'],
): void {
  const mm = placeAt(hand, node, event);
  if (!mm) return;
  const { look, plane } = hand;
  if (look.tool === 'point') {
    look.lookAt(mm);
    if (stage === 'end') hand.onact?.({ stage, plane, mm });
  } else if (look.tool === 'length' || look.tool === 'ball') {
    const last = look.measured.at(-1);
    if (stage === 'begin' || !last) look.measure(begunAt(look.tool, mm));
    else look.remeasure(endedAt(last, mm));
  } else {
    hand.onact?.({ stage, plane, mm });
  }
}

function placeAt(hand: Hand, node: HTMLElement, event: PointerEvent): Three | null {
  const spot = spotAt(hand, node, event);
  const { look, plane } = hand;
  return spot ? placeOf(look.frame, plane, look.at(plane), spot) : null;
}

function spotAt(hand: Hand, node: HTMLElement, event: MouseEvent) {
  const shown = hand.shown();
  const box = node.getBoundingClientRect();
  return shown
    ? fromScreen(shown, event.clientX - box.left, event.clientY - box.top)
    : undefined;
}

function capture(node: HTMLElement, pointer: number): void {
  try {
    node.setPointerCapture(pointer);
  } catch {
    // A finger that is up already.
  }
}
