// Layers: what is drawn of volumes on one cut, from the lowest to the uppermost.

import type { Volume } from './nifti';
import { outlined, painted, type Colour, type Scale } from './paint';
import { boxOf, cutOf, indexAt, spotOf, type Frame, type Plane } from './planes';
import { toScreen, type Shown } from './sight';
import type { Three } from './space';

export interface PictureLayer {
  readonly kind: 'picture';
  readonly volume: Volume;
  readonly frame: Frame;
  readonly scale: Scale;
  readonly opacity: number;
  /** What is taken away first, on the same grid: the difference is drawn. */
  readonly minus?: Volume;
  /** Counts up where the voxels were changed in place, by a brush. */
  readonly edition?: number;
}

export interface OutlineLayer {
  readonly kind: 'outline';
  readonly volume: Volume;
  readonly frame: Frame;
  readonly colour: Colour;
  readonly isDashed?: boolean;
  readonly edition?: number;
}

export interface Mark {
  readonly mm: Three;
  readonly radiusMm: number;
  readonly words: string;
  readonly isGone?: boolean;
}

export interface MarkLayer {
  readonly kind: 'marks';
  readonly marks: readonly Mark[];
  readonly colour: Colour;
}

export type Layer = PictureLayer | OutlineLayer | MarkLayer;

/** Where on the screen, and of what. */
export interface Stage {
  readonly context: CanvasRenderingContext2D;
  readonly frame: Frame;
  readonly plane: Plane;
  readonly focus: Three;
  readonly shown: Shown;
}

/** Keeps what was painted last of each volume, so that panning paints nothing anew. */
export interface Palette {
  readonly kept: Map<string, { of: Volume; canvas: HTMLCanvasElement }>;
}

const MOST_KEPT = 24; // pictures: scrolling back and forth paints nothing anew
const LEAST_RING = 7; // pixels: a finding is never too small to be seen

export function drawLayers(
  stage: Stage,
  palette: Palette,
  layers: readonly Layer[],
): void {
  for (const layer of layers) {
    if (layer.kind === 'picture') {
      drawPicture(stage, palette, layer);
    } else if (layer.kind === 'outline') {
      drawOutline(stage, layer);
    } else {
      drawMarks(stage, layer);
    }
  }
}

function drawPicture(stage: Stage, palette: Palette, layer: PictureLayer): void {
  const at = indexAt(layer.frame, stage.plane, stage.focus);
  if (at === null) return;
  const { context } = stage;
  const canvas = paintedCanvas(stage.plane, at, palette, layer);
  const [left, top, width, height] = onScreen(stage, layer.frame);
  context.save();
  context.globalAlpha = layer.opacity;
  context.imageSmoothingEnabled = layer.scale.kind !== 'tint';
  context.imageSmoothingQuality = 'high';
  context.drawImage(canvas, left, top, width, height);
  context.restore();
}

function paintedCanvas(
  plane: Plane,
  at: number,
  palette: Palette,
  layer: PictureLayer,
): HTMLCanvasElement {
  const { scale, edition = 0, volume, minus } = layer;
  const key = JSON.stringify([plane, at, scale, edition, Boolean(minus)]);
  const before = palette.kept.get(key);
  if (before?.of === volume) return before.canvas;
  if (palette.kept.size >= MOST_KEPT) palette.kept.clear();
  const cut = cutOf(layer.frame, plane, at);
  const canvas = document.createElement('canvas');
  canvas.width = cut.width;
  canvas.height = cut.height;
  const pixels = painted(layer.volume, cut, layer.scale, layer.minus);
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, cut.width), 0, 0);
  palette.kept.set(key, { of: volume, canvas });
  return canvas;
}

function onScreen(
  stage: Stage,
  frame: Frame,
): readonly [number, number, number, number] {
  const [u, w, wide, high] = boxOf(stage.frame, stage.plane, frame);
  const [left, top] = toScreen(stage.shown, { u, w });
  return [left, top, wide * stage.shown.scale, high * stage.shown.scale];
}

function drawOutline(stage: Stage, layer: OutlineLayer): void {
  const at = indexAt(layer.frame, stage.plane, stage.focus);
  if (at === null) return;
  const { context } = stage;
  const cut = cutOf(layer.frame, stage.plane, at);
  const lines = outlined(layer.volume, cut);
  const [left, top, width, height] = onScreen(stage, layer.frame);
  const [x, y] = [width / cut.width, height / cut.height];
  context.save();
  context.beginPath();
  for (let n = 0; n < lines.length; n += 4) {
    context.moveTo(left + (lines[n] ?? 0) * x, top + (lines[n + 1] ?? 0) * y);
    context.lineTo(left + (lines[n + 2] ?? 0) * x, top + (lines[n + 3] ?? 0) * y);
  }
  if (layer.isDashed) context.setLineDash([5, 4]);
  cased(context, layer.colour);
  context.restore();
}

function drawMarks(stage: Stage, layer: MarkLayer): void {
  const { context, frame, plane, shown } = stage;
  const { axis } = frame.axes;
  const through = plane === 'axial' ? 2 : plane === 'coronal' ? 1 : 0;
  const half = frame.spacing[axis[through]] / 2;
  for (const mark of layer.marks) {
    const far = Math.abs(mark.mm[through] - stage.focus[through]);
    if (far > mark.radiusMm + half) continue;
    const [x, y] = toScreen(shown, spotOf(frame, plane, mark.mm));
    const inside = Math.max(0, mark.radiusMm ** 2 - far ** 2);
    const radius = Math.max(LEAST_RING, Math.sqrt(inside) * shown.scale + 3);
    context.save();
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (mark.isGone) {
      context.moveTo(x - radius, y + radius);
      context.lineTo(x + radius, y - radius);
      context.setLineDash([3, 3]);
    }
    cased(context, layer.colour);
    words(context, mark.words, x + radius + 3, y - radius, layer.colour);
    context.restore();
  }
}

/** Draw the path in a colour with a dark case, so that it is seen on white too. */
export function cased(context: CanvasRenderingContext2D, colour: Colour): void {
  context.lineWidth = 3.5;
  context.strokeStyle = 'rgb(6 10 14 / 0.75)';
  context.stroke();
  context.lineWidth = 1.75;
  context.strokeStyle = `rgb(${colour.join(' ')})`;
  context.stroke();
}

/** Write on a picture, dark around it, so that it is read on white too. */
export function words(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: Colour = [255, 255, 255],
): void {
  context.save();
  context.lineJoin = 'round';
  context.setLineDash([]);
  context.lineWidth = 4;
  context.strokeStyle = 'rgb(6 10 14 / 0.85)';
  context.strokeText(text, x, y);
  context.fillStyle = `rgb(${colour.join(' ')})`;
  context.fillText(text, x, y);
  context.restore();
}
