// Look: where a reader looks, through which window, with what in the hand. All cuts of a
// case share one, so that before and after are always seen in the same way.

import type { Measured } from './measure';
import {
  cutsAlong,
  countOf,
  LIES,
  middleOf,
  moved,
  PLANES,
  sizeOf,
  type Frame,
  type Plane,
} from './planes';
import { panned, whole, zoomed, type Sight } from './sight';
import type { Three } from './space';
import { shifted, type Window } from './windows';

export type Tool = 'point' | 'window' | 'length' | 'ball' | 'brush' | 'eraser' | 'mark';

/** Before: the scan. After: the picture that was made of it. */
export type Side = 'before' | 'after';
export type Windows = Readonly<Record<Side, Window>>;

export interface Look {
  readonly frame: Frame;
  readonly focus: Three;
  /** Of the scan, and of the picture: one, where both have the same units. */
  readonly windows: Windows;
  readonly tool: Tool;
  /** One plane alone, or all three. */
  readonly alone: Plane | null;
  readonly measured: readonly Measured[];
  readonly brushMm: number;
  readonly isBall: boolean;
  sight(plane: Plane): Sight;
  /** Which cut of a plane is looked at, from 0. */
  at(plane: Plane): number;
  lookAt(mm: Three): void;
  /** Go so many cuts towards R, A or S. */
  scroll(plane: Plane, by: number): void;
  scrollTo(plane: Plane, at: number): void;
  zoom(plane: Plane, by: number, u?: number, w?: number): void;
  pan(plane: Plane, du: number, dw: number): void;
  fit(): void;
  setWindow(side: Side, window: Window): void;
  shiftWindow(side: Side, up: number, wider: number): void;
  /** Give the picture a window of its own: it is of another kind than the scan. */
  part(after: Window): void;
  take(tool: Tool): void;
  show(plane: Plane | null): void;
  measure(one: Measured): void;
  /** Change what was measured last: its other end is still in the hand. */
  remeasure(one: Measured): void;
  forget(): void;
  setBrush(mm: number, isBall?: boolean): void;
  /** Look through a finer grid of the same volume; the place stays. */
  setFrame(frame: Frame): void;
}

const SMALLEST_MM = 0.5;
const LARGEST_MM = 40;

/** Begin to look at a volume, at its middle. */
export function lookOf(begun: Frame, first: Window): Look {
  let frame = $state.raw(begun);
  let focus = $state.raw<Three>(middleOf(begun));
  let windows = $state.raw<Windows>({ before: first, after: first });
  let isLinked = $state(true);
  let tool = $state<Tool>('point');
  let alone = $state<Plane | null>(null);
  let measured = $state.raw<readonly Measured[]>([]);
  let brushMm = $state(5);
  let isBall = $state(false);
  let sights = $state.raw(fitting(begun));

  const setWindow = (side: Side, next: Window): void => {
    windows = isLinked ? { before: next, after: next } : { ...windows, [side]: next };
  };
  const changeSight = (plane: Plane, sight: Sight): void => {
    sights = { ...sights, [plane]: sight };
  };
  return {
    get frame() {
      return frame;
    },
    get focus() {
      return focus;
    },
    get windows() {
      return windows;
    },
    get tool() {
      return tool;
    },
    get alone() {
      return alone;
    },
    get measured() {
      return measured;
    },
    get brushMm() {
      return brushMm;
    },
    get isBall() {
      return isBall;
    },
    sight: (plane) => sights[plane],
    at: (plane) => placeAlong(frame, plane, focus),
    lookAt: (mm) => (focus = mm),
    scroll: (plane, by) => (focus = moved(frame, focus, LIES[plane].through, by)),
    scrollTo: (plane, to) => {
      const by = to - placeAlong(frame, plane, focus);
      focus = moved(frame, focus, LIES[plane].through, by);
    },
    zoom: (plane, by, u, w) => {
      const sight = sights[plane];
      const spot = { u: u ?? sight.u, w: w ?? sight.w };
      changeSight(plane, zoomed(sight, by, spot, sizeOf(frame, plane)));
    },
    pan: (plane, du, dw) =>
      changeSight(plane, panned(sights[plane], du, dw, sizeOf(frame, plane))),
    fit: () => (sights = fitting(frame)),
    setWindow,
    shiftWindow: (side, up, wider) =>
      setWindow(side, shifted(windows[side], up, wider)),
    part: (after) => {
      isLinked = false;
      windows = { ...windows, after };
    },
    take: (next) => (tool = next),
    show: (plane) => (alone = plane),
    measure: (one) => (measured = [...measured, one]),
    remeasure: (one) => (measured = [...measured.slice(0, -1), one]),
    forget: () => (measured = measured.slice(0, -1)),
    setBrush: (mm, ball) => {
      brushMm = Math.min(LARGEST_MM, Math.max(SMALLEST_MM, mm));
      isBall = ball ?? isBall;
    },
    setFrame: (next) => {
      // The centre of a preview's voxel lies between finer ones: take the nearest.
      focus = moved(next, focus, 0, 0);
      for (const body of [1, 2] as const) focus = moved(next, focus, body, 0);
      const sizes = PLANES.map((plane) => [plane, sizeOf(frame, plane)] as const);
      const scaled = { ...sights };
      for (const [plane, before] of sizes) {
        const now = sizeOf(next, plane);
        const sight = sights[plane];
        scaled[plane] = {
          ...sight,
          u: (sight.u / before.u) * now.u,
          w: (sight.w / before.w) * now.w,
        };
      }
      sights = scaled;
      frame = next;
    },
  };
}

function placeAlong(frame: Frame, plane: Plane, mm: Three): number {
  const at = Math.round(cutsAlong(frame, LIES[plane].through, mm));
  return Math.min(countOf(frame, plane) - 1, Math.max(0, at));
}

function fitting(frame: Frame): Readonly<Record<Plane, Sight>> {
  const [axial, coronal, sagittal] = PLANES.map((plane) => whole(sizeOf(frame, plane)));
  return { axial, coronal, sagittal } as Record<Plane, Sight>;
}
