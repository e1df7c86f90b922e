// Viewer: volumes in 3-D. The one file that knows NiiVue; it is fetched when 3-D is asked
// for and not before, so that the first cuts wait for nothing.

import { Niivue, NVImage, SLICE_TYPE } from '@niivue/niivue';
import { valueAt, type Volume } from './picture/nifti';
import { spacingOf } from './picture/space';
import type { Window } from './picture/windows';

/** A room in which a volume stands and can be turned. */
export interface Viewer {
  /** Show a volume through a window; an outline is laid over it. */
  show(volume: Volume, window: Window, isCt: boolean, mask?: Volume): Promise<void>;
  /** Turn it by degrees: around the body's axis, and towards head or feet. */
  turn(around: number, up: number): void;
  close(): void;
}

const MOST_VOXELS = 6_000_000; // enough for a screen, and for a telephone's memory
const FROM = { azimuth: 200, elevation: 10 }; // from the front, a little from above
const HEAD_BYTES = 352;
const AIR_HU = -300;
const OUTLINE_COLOURS = {
  R: [0, 86],
  G: [0, 204],
  B: [0, 255],
  A: [0, 255],
  I: [0, 255],
};

/** Open a room on a canvas; null where the browser has no WebGL 2. */
export async function openViewer(canvas: HTMLCanvasElement): Promise<Viewer | null> {
  if (!document.createElement('canvas').getContext('webgl2')) return null;
  const room = new Niivue({
    backColor: [0, 0, 0, 1],
    show3Dcrosshair: false,
    isOrientCube: true,
    dragAndDropEnabled: false,
    isResizeCanvas: true,
    logLevel: 'silent',
  });
  await room.attachToCanvas(canvas);
  room.addColormap('vesalius-outline', OUTLINE_COLOURS);
  room.setSliceType(SLICE_TYPE.RENDER);
  let { azimuth, elevation } = FROM;
  let shown: { volume: Volume; mask: Volume | undefined } | undefined;
  let isClosed = false;
  // One after another: a second volume that comes while the first is read joins it else.
  let last: Promise<void> = Promise.resolve();

  async function load(volume: Volume, mask?: Volume): Promise<void> {
    for (const old of [...room.volumes]) room.removeVolume(old);
    const image = await NVImage.loadFromUrl({
      url: bytesOf(volume),
      name: 'volume.nii',
    });
    if (isClosed) return;
    room.addVolume(image);
    if (mask) {
      const colormap = 'vesalius-outline';
      const over = await NVImage.loadFromUrl({
        url: bytesOf(mask),
        name: 'mask.nii',
        colormap,
      });
      if (!isClosed) room.addVolume(over);
    }
    shown = { volume, mask };
  }
  async function put(
    volume: Volume,
    window: Window,
    isCt: boolean,
    mask?: Volume,
  ): Promise<void> {
    if (shown?.volume !== volume || shown.mask !== mask) await load(volume, mask);
    const [image, over] = room.volumes;
    if (isClosed || !image) return;
    // What is darker than the body is clear: else one looks at a box of air.
    image.cal_min = isCt
      ? Math.max(window.low, AIR_HU)
      : window.low + 0.15 * (window.high - window.low);
    image.cal_max = window.high;
    if (over) {
      over.cal_min = 0.5;
      over.cal_max = 1;
    }
    room.updateGLVolume();
    room.setRenderAzimuthElevation(azimuth, elevation);
  }
  return {
    show: (...wish) => {
      const now = last.then(() => put(...wish));
      last = now.catch(() => undefined);
      return now;
    },
    turn: (around, up) => {
      azimuth = (azimuth + around + 360) % 360;
      elevation = Math.min(90, Math.max(-90, elevation + up));
      room.setRenderAzimuthElevation(azimuth, elevation);
    },
    close: () => {
      isClosed = true;
      room.gl?.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}

/** Write a volume as NIfTI-1, every n-th voxel of a large one. */
function bytesOf(volume: Volume): ArrayBuffer {
  const { grid } = volume;
  const step = Math.max(1, Math.ceil(Math.cbrt(volume.stored.length / MOST_VOXELS)));
  const [ni, nj, nk] = grid.shape.map((size) => Math.ceil(size / step)) as [
    number,
    number,
    number,
  ];
  const buffer = new ArrayBuffer(HEAD_BYTES + 4 * ni * nj * nk);
  const view = new DataView(buffer);
  view.setInt32(0, 348, true);
  [3, ni, nj, nk, 1, 1, 1, 1].forEach((n, at) => view.setInt16(40 + 2 * at, n, true));
  view.setInt16(70, 16, true);
  view.setInt16(72, 32, true);
  [1, ...spacingOf(grid.affine).map((edge) => edge * step)].forEach((n, at) =>
    view.setFloat32(76 + 4 * at, n, true),
  );
  view.setFloat32(108, HEAD_BYTES, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, 2); // millimetres
  view.setInt16(254, 1, true);
  grid.affine.forEach((n, at) =>
    view.setFloat32(280 + 4 * at, at % 4 < 3 ? n * step : n, true),
  );
  view.setUint32(344, 0x6e2b3100); // n+1
  const values = new Float32Array(buffer, HEAD_BYTES);
  let to = 0;
  for (let k = 0; k < nk; k += 1) {
    for (let j = 0; j < nj; j += 1) {
      let from = step * grid.shape[0] * (j + grid.shape[1] * k);
      for (let i = 0; i < ni; i += 1, from += step, to += 1) {
        values[to] = valueAt(volume, from);
      }
    }
  }
  return buffer;
}
