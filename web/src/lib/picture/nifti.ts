/** NIfTI in: bytes to a volume, on the grid that the file says. */

import type { Affine, Grid } from './space';

export type Values =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** A volume: what is stored, and how to turn it into intensities. */
export interface Volume {
  readonly grid: Grid;
  readonly stored: Values;
  readonly slope: number;
  readonly intercept: number;
  /** Whether the file says which side is the patient's left. */
  readonly hasSides: boolean;
}

const KINDS: Readonly<
  Record<number, { bytes: number; make: (b: ArrayBuffer) => Values }>
> = {
  2: { bytes: 1, make: (b) => new Uint8Array(b) },
  4: { bytes: 2, make: (b) => new Int16Array(b) },
  8: { bytes: 4, make: (b) => new Int32Array(b) },
  16: { bytes: 4, make: (b) => new Float32Array(b) },
  64: { bytes: 8, make: (b) => new Float64Array(b) },
  256: { bytes: 1, make: (b) => new Int8Array(b) },
  512: { bytes: 2, make: (b) => new Uint16Array(b) },
  768: { bytes: 4, make: (b) => new Uint32Array(b) },
};

/** What cannot be shown as a volume. */
export class UnreadableError extends Error {}

/** Return the intensity at a place in the stored array. */
export function valueAt(volume: Volume, at: number): number {
  return (volume.stored[at] ?? 0) * volume.slope + volume.intercept;
}

/** Unpack gzip with the browser's own means; bytes that are not packed stay as they are. */
export async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    return bytes.slice().buffer;
  }
  const stream = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'));
  try {
    return await new Response(stream).arrayBuffer();
  } catch {
    throw new UnreadableError('the volume came damaged');
  }
}

/**
 * Read one volume of a NIfTI-1 or NIfTI-2 file, unpacked already.
 *
 * @throws UnreadableError It is none, is cut off, or holds what is no picture.
 */
export function readNifti(buffer: ArrayBuffer): Volume {
  const view = new DataView(buffer);
  const { little, isTwo } = orderOf(view);
  const head = isTwo ? headOfTwo(view, little) : headOfOne(view, little);
  const isScaled = Number.isFinite(head.slope) && head.slope !== 0;
  return {
    grid: { shape: head.shape, affine: head.affine },
    stored: storedOf(buffer, head, little),
    slope: isScaled ? head.slope : 1,
    intercept: isScaled && Number.isFinite(head.intercept) ? head.intercept : 0,
    hasSides: head.hasSides,
  };
}

function storedOf(buffer: ArrayBuffer, head: Head, little: boolean): Values {
  const kind = KINDS[head.kind];
  const [i, j, k] = head.shape;
  if (kind === undefined || !(i > 0 && j > 0 && k > 0)) {
    throw new UnreadableError('the volume is of a kind that is no picture');
  }
  const length = i * j * k * kind.bytes;
  if (!Number.isSafeInteger(length) || head.start + length > buffer.byteLength) {
    throw new UnreadableError('the volume is cut off');
  }
  const body = buffer.slice(head.start, head.start + length);
  if (!little && kind.bytes > 1) swap(new Uint8Array(body), kind.bytes);
  return kind.make(body);
}

interface Head {
  readonly shape: readonly [number, number, number];
  readonly kind: number;
  readonly start: number;
  readonly slope: number;
  readonly intercept: number;
  readonly affine: Affine;
  readonly hasSides: boolean;
}

function orderOf(view: DataView): { little: boolean; isTwo: boolean } {
  if (view.byteLength >= 348) {
    for (const little of [true, false]) {
      const size = view.getInt32(0, little);
      if (size === 348 || (size === 540 && view.byteLength >= 540)) {
        return { little, isTwo: size === 540 };
      }
    }
  }
  throw new UnreadableError('this is no NIfTI volume');
}

function headOfOne(view: DataView, little: boolean): Head {
  const size = (axis: number): number =>
    Math.max(1, view.getInt16(42 + 2 * axis, little));
  const f = (at: number): number => view.getFloat32(at, little);
  const [sform, qform] = [view.getInt16(254, little), view.getInt16(252, little)];
  return {
    shape: [size(0), size(1), size(2)],
    hasSides: sform > 0 || qform > 0,
    kind: view.getInt16(70, little),
    start: f(108) || 352,
    slope: f(112),
    intercept: f(116),
    affine: affineOf({
      sform,
      qform,
      rows: Array.from({ length: 12 }, (_, at) => f(280 + 4 * at)),
      quaternion: [f(256), f(260), f(264)],
      offset: [f(268), f(272), f(276)],
      edges: [f(80), f(84), f(88)],
      handed: f(76),
    }),
  };
}

function headOfTwo(view: DataView, little: boolean): Head {
  const n = (at: number): number => Number(view.getBigInt64(at, little));
  const f = (at: number): number => view.getFloat64(at, little);
  const [sform, qform] = [view.getInt32(348, little), view.getInt32(344, little)];
  return {
    shape: [Math.max(1, n(24)), Math.max(1, n(32)), Math.max(1, n(40))],
    hasSides: sform > 0 || qform > 0,
    kind: view.getInt16(12, little),
    start: n(168) || 544,
    slope: f(176),
    intercept: f(184),
    affine: affineOf({
      sform,
      qform,
      rows: Array.from({ length: 12 }, (_, at) => f(400 + 8 * at)),
      quaternion: [f(352), f(360), f(368)],
      offset: [f(376), f(384), f(392)],
      edges: [f(112), f(120), f(128)],
      handed: f(104),
    }),
  };
}

interface Placed {
  readonly sform: number;
  readonly qform: number;
  readonly rows: readonly number[];
  readonly quaternion: readonly [number, number, number];
  readonly offset: readonly [number, number, number];
  readonly edges: readonly [number, number, number];
  readonly handed: number;
}

/** The sform where there is one, else the qform, else the edges alone. */
function affineOf(placed: Placed): Affine {
  const { rows } = placed;
  if (placed.sform > 0 || (placed.qform <= 0 && rows.some((n) => n !== 0))) {
    return rows;
  }
  const [dx, dy, dz] = placed.edges;
  if (placed.qform <= 0) {
    return [dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0];
  }
  const [b, c, d] = placed.quaternion;
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const last = (placed.handed < 0 ? -1 : 1) * dz;
  const [x, y, z] = placed.offset;
  return [
    ...[
      (a * a + b * b - c * c - d * d) * dx,
      2 * (b * c - a * d) * dy,
      2 * (b * d + a * c) * last,
      x,
    ],
    ...[
      2 * (b * c + a * d) * dx,
      (a * a + c * c - b * b - d * d) * dy,
      2 * (c * d - a * b) * last,
      y,
    ],
    ...[
      2 * (b * d - a * c) * dx,
      2 * (c * d + a * b) * dy,
      (a * a + d * d - c * c - b * b) * last,
      z,
    ],
  ];
}

function swap(bytes: Uint8Array, each: number): void {
  for (let at = 0; at < bytes.length; at += each) {
    bytes.subarray(at, at + each).reverse();
  }
}
