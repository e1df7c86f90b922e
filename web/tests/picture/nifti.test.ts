/** NIfTI in: what a file says, and what is no file. */

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  readNifti,
  unpacked,
  UnreadableError,
  valueAt,
} from '../../src/lib/picture/nifti';

const ROWS = [-1, 0, 0, 10, 0, 2, 0, -20, 0, 0, 3, 30];

interface Options {
  readonly little?: boolean;
  readonly sform?: number;
  readonly qform?: number;
  readonly kind?: number;
  readonly slope?: number;
}

/** A NIfTI-1 file of 2 x 3 x 2 whole numbers from 0 to 11. */
function made({
  little = true,
  sform = 1,
  qform = 0,
  kind = 4,
  slope = 0,
}: Options = {}): ArrayBuffer {
  const buffer = new ArrayBuffer(352 + 24);
  const view = new DataView(buffer);
  view.setInt32(0, 348, little);
  [3, 2, 3, 2, 1].forEach((n, at) => view.setInt16(40 + 2 * at, n, little));
  view.setInt16(70, kind, little);
  [-1, 1, 2, 3].forEach((n, at) => view.setFloat32(76 + 4 * at, n, little));
  view.setFloat32(108, 352, little);
  view.setFloat32(112, slope, little);
  view.setFloat32(116, slope === 0 ? 0 : -5, little);
  view.setInt16(252, qform, little);
  view.setInt16(254, sform, little);
  view.setFloat32(260, 1, little); // quaternion 0, 1, 0: about the front, by half a turn
  [10, -20, 30].forEach((n, at) => view.setFloat32(268 + 4 * at, n, little));
  ROWS.forEach((n, at) => view.setFloat32(280 + 4 * at, n, little));
  for (let at = 0; at < 12; at += 1) {
    view.setInt16(352 + 2 * at, at, little);
  }
  return buffer;
}

describe('NIfTI', () => {
  it('is read in either order of bytes', () => {
    for (const little of [true, false]) {
      const volume = readNifti(made({ little }));
      expect(volume.grid).toEqual({ shape: [2, 3, 2], affine: ROWS });
      expect(Array.from({ length: 12 }, (_, at) => valueAt(volume, at))).toEqual(
        Array.from({ length: 12 }, (_, at) => at),
      );
    }
  });

  it('says whether anybody knows the sides', () => {
    expect(readNifti(made()).hasSides).toBe(true);
    expect(readNifti(made({ sform: 0 })).hasSides).toBe(false);
    expect([...readNifti(made({ sform: 0 })).grid.affine]).toEqual(ROWS);
  });

  it('is scaled where it says so', () => {
    expect(valueAt(readNifti(made({ slope: 0.5 })), 4)).toBe(-3);
  });

  it('lies as its qform says where there is no sform, hand and all', () => {
    // Half a turn about y, the third axis the other way: diag(-1, 2, 3).
    const { affine } = readNifti(made({ sform: 0, qform: 1 })).grid;
    expect([...affine]).toEqual(ROWS.map((n) => expect.closeTo(n, 6)));
  });

  it('is refused cut off, of another kind, or as something else', () => {
    expect(() => readNifti(made().slice(0, 360))).toThrow(UnreadableError);
    expect(() => readNifti(made({ kind: 1024 }))).toThrow(UnreadableError);
    expect(() => readNifti(new ArrayBuffer(400))).toThrow(UnreadableError);
    expect(() => readNifti(new ArrayBuffer(4))).toThrow(UnreadableError);
  });

  it('is unpacked, and refused where it came damaged', async () => {
    const bytes = new Uint8Array(gzipSync(Buffer.from(made())));
    expect(readNifti(await unpacked(bytes)).grid.shape).toEqual([2, 3, 2]);
    expect((await unpacked(new Uint8Array(made()))).byteLength).toBe(376);
    await expect(unpacked(bytes.slice(0, 40))).rejects.toThrow(UnreadableError);
  });
});
