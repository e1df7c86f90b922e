/**
 * Planes: the three cuts through a volume as a reader sees them.
 *
 * Radiological: in axial and coronal cuts the patient's right is on the left of the
 * screen; in sagittal cuts the front is. So along every cut both ways of the screen, to
 * the right and down, run towards L, P and I: down RAS+.
 */

import {
  axesOf,
  inverse,
  LETTERS,
  spacingOf,
  toWorld,
  type Axes,
  type Grid,
  type Index,
  type Three,
  three,
} from './space';

export type Plane = 'axial' | 'coronal' | 'sagittal';
export const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal'];

interface Lie {
  readonly across: Index;
  readonly down: Index;
  readonly through: Index;
}

export const LIES: Readonly<Record<Plane, Lie>> = {
  axial: { across: 0, down: 1, through: 2 },
  coronal: { across: 0, down: 2, through: 1 },
  sagittal: { across: 1, down: 2, through: 0 },
};

/** A grid as cuts see it. */
export interface Frame {
  readonly grid: Grid;
  readonly axes: Axes;
  readonly back: readonly number[];
  readonly spacing: Three;
}

/** Where a cut's pixels lie in the stored array: at `start + c * across + r * down`. */
export interface Cut {
  readonly width: number;
  readonly height: number;
  readonly start: number;
  readonly across: number;
  readonly down: number;
}

/** A place on a cut, in mm from the frame's first corner, to the right and down. */
export interface Spot {
  readonly u: number;
  readonly w: number;
}

export function frameOf(grid: Grid): Frame {
  return {
    grid,
    axes: axesOf(grid.affine),
    back: inverse(grid.affine),
    spacing: spacingOf(grid.affine),
  };
}

/** Return how many cuts a plane has. */
export function countOf(frame: Frame, plane: Plane): number {
  return frame.grid.shape[frame.axes.axis[LIES[plane].through]];
}

/** Return the cut at a place along its plane, counted from the feet, the back, the left. */
export function cutOf(frame: Frame, plane: Plane, at: number): Cut {
  const { across, down, through } = LIES[plane];
  const { shape } = frame.grid;
  const [one, other] = [run(frame, across), run(frame, down)];
  const axis = frame.axes.axis[through];
  const index = frame.axes.sign[through] > 0 ? at : shape[axis] - 1 - at;
  return {
    width: one.count,
    height: other.count,
    start: one.start + other.start + index * strides(shape)[axis],
    across: one.step,
    down: other.step,
  };
}

/** Return the letters at the edges of a cut: left, right, top, bottom. */
export function lettersOf(plane: Plane): readonly [string, string, string, string] {
  const { across, down } = LIES[plane];
  return [...LETTERS[across], ...LETTERS[down]];
}

/**
 * Return where a place in the body lies along a body axis, in cuts.
 *
 * Counted from L, P or I; between the centres of voxels it is no whole number.
 */
export function cutsAlong(frame: Frame, body: Index, mm: Three): number {
  const axis = frame.axes.axis[body];
  const at = toWorld(frame.back, mm)[axis];
  return frame.axes.sign[body] > 0 ? at : frame.grid.shape[axis] - 1 - at;
}

/** Return which cut goes through a place; null where the volume does not reach. */
export function indexAt(frame: Frame, plane: Plane, mm: Three): number | null {
  const at = Math.round(cutsAlong(frame, LIES[plane].through, mm));
  return at < 0 || at >= countOf(frame, plane) ? null : at;
}

/** Return where a place in the body is on a cut. */
export function spotOf(frame: Frame, plane: Plane, mm: Three): Spot {
  const { across, down } = LIES[plane];
  return { u: edgeMm(frame, across, mm), w: edgeMm(frame, down, mm) };
}

/** Return the place in the body of a spot on a cut. */
export function placeOf(frame: Frame, plane: Plane, at: number, spot: Spot): Three {
  const { across, down, through } = LIES[plane];
  const along: [number, number, number] = [0, 0, 0];
  along[across] = fromEdge(frame, across, spot.u);
  along[down] = fromEdge(frame, down, spot.w);
  along[through] = at;
  return toWorld(frame.grid.affine, voxelOf(frame, along));
}

/** Return how wide and how high a cut is, in mm. */
export function sizeOf(frame: Frame, plane: Plane): Spot {
  const { across, down } = LIES[plane];
  return { u: lengthOf(frame, across), w: lengthOf(frame, down) };
}

/**
 * Return where a volume's cut lies on the cuts of a frame: left, top, width, height, mm.
 *
 * A preview has fewer and larger voxels than the frame, along the same axes.
 */
export function boxOf(
  frame: Frame,
  plane: Plane,
  layer: Frame,
): readonly [number, number, number, number] {
  const { across, down } = LIES[plane];
  const corner = (a: number, d: number): Spot => {
    const along: [number, number, number] = [0, 0, 0];
    along[across] = a;
    along[down] = d;
    return spotOf(frame, plane, toWorld(layer.grid.affine, voxelOf(layer, along)));
  };
  const { shape } = layer.grid;
  const [wide, high] = [shape[layer.axes.axis[across]], shape[layer.axes.axis[down]]];
  const [first, last] = [corner(wide - 0.5, high - 0.5), corner(-0.5, -0.5)];
  return [first.u, first.w, last.u - first.u, last.w - first.w];
}

/** Move a place by whole cuts along a body axis; it stays inside the volume. */
export function moved(frame: Frame, mm: Three, body: Index, by: number): Three {
  const last = frame.grid.shape[frame.axes.axis[body]] - 1;
  const along = three((axis) => cutsAlong(frame, axis, mm)) as [number, number, number];
  along[body] = Math.min(last, Math.max(0, Math.round(along[body]) + by));
  return toWorld(frame.grid.affine, voxelOf(frame, along));
}

/** Return the middle of a volume, at the centre of a voxel. */
export function middleOf(frame: Frame): Three {
  return toWorld(
    frame.grid.affine,
    three((axis) => Math.floor(frame.grid.shape[axis] / 2)),
  );
}

/** Return the voxel at a place; null outside. */
export function voxelAt(frame: Frame, mm: Three): Three | null {
  const at = toWorld(frame.back, mm).map(Math.round) as [number, number, number];
  return at.every((n, axis) => n >= 0 && n < (frame.grid.shape[axis] ?? 0)) ? at : null;
}

/** Return where a voxel stands in the stored array, the first axis fastest. */
export function offsetOf(shape: Three, voxel: Three): number {
  const [, j, k] = strides(shape);
  return voxel[0] + voxel[1] * j + voxel[2] * k;
}

function strides(shape: Three): Three {
  return [1, shape[0], shape[0] * shape[1]];
}

/** Along the screen: from the positive end of a body axis to its negative one. */
function run(
  frame: Frame,
  body: Index,
): { count: number; start: number; step: number } {
  const axis = frame.axes.axis[body];
  const count = frame.grid.shape[axis];
  const step = strides(frame.grid.shape)[axis];
  const isDown = frame.axes.sign[body] > 0;
  return { count, start: isDown ? (count - 1) * step : 0, step: isDown ? -step : step };
}

function lengthOf(frame: Frame, body: Index): number {
  const axis = frame.axes.axis[body];
  return frame.grid.shape[axis] * frame.spacing[axis];
}

/** From the positive end's edge, in mm. */
function edgeMm(frame: Frame, body: Index, mm: Three): number {
  const axis = frame.axes.axis[body];
  return (
    (frame.grid.shape[axis] - 0.5 - cutsAlong(frame, body, mm)) * frame.spacing[axis]
  );
}

function fromEdge(frame: Frame, body: Index, edge: number): number {
  const axis = frame.axes.axis[body];
  return frame.grid.shape[axis] - 0.5 - edge / frame.spacing[axis];
}

function voxelOf(frame: Frame, along: Three): Three {
  const voxel: [number, number, number] = [0, 0, 0];
  for (const body of [0, 1, 2] as const) {
    const axis = frame.axes.axis[body];
    const last = frame.grid.shape[axis] - 1;
    voxel[axis] = frame.axes.sign[body] > 0 ? along[body] : last - along[body];
  }
  return voxel;
}
