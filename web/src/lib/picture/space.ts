/** Space: voxels and their place in the body, in RAS+ millimetres. */

export type Index = 0 | 1 | 2;
export type Three = readonly [number, number, number];

/** Twelve numbers, the upper three rows of the matrix from voxels to RAS+ mm. */
export type Affine = readonly number[];

export interface Grid {
  readonly shape: Three;
  readonly affine: Affine;
}

/**
 * Which voxel axis runs along each axis of the body, and which way.
 *
 * `axis[b]` is the voxel axis nearest to body axis b (x, y, z); `sign[b]` is +1 where
 * its index grows towards the patient's right, front or head.
 */
export interface Axes {
  readonly axis: readonly [Index, Index, Index];
  readonly sign: Three;
}

const PERMUTATIONS: readonly (readonly [Index, Index, Index])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** Return where a voxel's centre lies. */
export function toWorld(affine: Affine, voxel: Three): Three {
  return three((row) => {
    const at = 4 * row;
    return (
      entry(affine, at) * voxel[0] +
      entry(affine, at + 1) * voxel[1] +
      entry(affine, at + 2) * voxel[2] +
      entry(affine, at + 3)
    );
  });
}

/** Return the affine that leads back from millimetres to voxels. */
export function inverse(affine: Affine): Affine {
  const [a, b, c, x] = row(affine, 0);
  const [d, e, f, y] = row(affine, 1);
  const [g, h, i, z] = row(affine, 2);
  const volume = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (!Number.isFinite(volume) || Math.abs(volume) < 1e-12) {
    throw new RangeError("a grid's axes must span a room");
  }
  const turned = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ] as const;
  return turned.flatMap(([p, q, r]) => [
    p / volume,
    q / volume,
    r / volume,
    -(p * x + q * y + r * z) / volume,
  ]);
}

/** Return the length of each voxel edge, in mm. */
export function spacingOf(affine: Affine): Three {
  return three((axis) => Math.hypot(...column(affine, axis)));
}

/** Return the volume of one voxel, in ml. */
export function voxelMl(affine: Affine): number {
  const [a, b, c] = [column(affine, 0), column(affine, 1), column(affine, 2)];
  const cross = [
    b[1] * c[2] - b[2] * c[1],
    b[2] * c[0] - b[0] * c[2],
    b[0] * c[1] - b[1] * c[0],
  ] as const;
  return Math.abs(a[0] * cross[0] + a[1] * cross[1] + a[2] * cross[2]) / 1000;
}

/** Say which voxel axis runs along each axis of the body; nothing is resampled. */
export function axesOf(affine: Affine): Axes {
  const unit = three3((axis) => {
    const edge = column(affine, axis);
    const length = Math.hypot(...edge) || 1;
    return [edge[0] / length, edge[1] / length, edge[2] / length];
  });
  const along = (order: Axes['axis']): number =>
    Math.abs(unit[order[0]][0]) +
    Math.abs(unit[order[1]][1]) +
    Math.abs(unit[order[2]][2]);
  const axis = PERMUTATIONS.reduce((best, next) =>
    along(next) > along(best) + 1e-9 ? next : best,
  );
  return { axis, sign: three((body) => (unit[axis[body]][body] < 0 ? -1 : 1)) };
}

/** Return how far a grid's axes lean from the body's, in degrees. */
export function leanDeg(affine: Affine): number {
  const { axis } = axesOf(affine);
  const leans = [0, 1, 2].map((body) => {
    const edge = column(affine, axis[body as Index]);
    const share = Math.abs(edge[body as Index]) / (Math.hypot(...edge) || 1);
    return (Math.acos(Math.min(1, share)) * 180) / Math.PI;
  });
  return Math.max(...leans);
}

/** Say whether two grids have the same voxels at the same places, to 0.001 mm. */
export function isSameGrid(one: Grid, other: Grid): boolean {
  const shape = one.shape.every((size, axis) => size === other.shape[axis]);
  return (
    shape && one.affine.every((n, at) => Math.abs(n - entry(other.affine, at)) < 1e-3)
  );
}

/** Write a place for a reader: "R 12, A 40, S 7". */
export function placeWords(mm: Three, hasSides: boolean): string {
  const words = mm.map((value, body) => {
    const [plus, minus] = LETTERS[body as Index];
    const letter = hasSides ? (value >= 0 ? plus : minus) : 'xyz'[body];
    const size = hasSides ? Math.abs(value) : value;
    return `${letter ?? ''}\u00a0${Math.round(size)}`;
  });
  return words.join(', ');
}

export const LETTERS = [
  ['R', 'L'],
  ['A', 'P'],
  ['S', 'I'],
] as const;

function entry(affine: Affine, at: number): number {
  return affine[at] ?? 0;
}

function row(affine: Affine, at: number): readonly [number, number, number, number] {
  const from = 4 * at;
  return [
    entry(affine, from),
    entry(affine, from + 1),
    entry(affine, from + 2),
    entry(affine, from + 3),
  ];
}

function column(affine: Affine, axis: number): Three {
  return three((at) => entry(affine, 4 * at + axis));
}

export function three(of: (axis: Index) => number): Three {
  return [of(0), of(1), of(2)];
}

function three3(of: (axis: Index) => Three): readonly [Three, Three, Three] {
  return [of(0), of(1), of(2)];
}
