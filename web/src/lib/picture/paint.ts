/** Paint: numbers to colours, on the cuts of a volume. */

import type { Volume } from './nifti';
import type { Cut } from './planes';
import type { Window } from './windows';

/** Four bytes a pixel: red, green, blue, how opaque. */
export type Pixels = Uint8ClampedArray<ArrayBuffer>;

/**
 * How numbers become colours.
 *
 * `grey`: from the window's low end, black, to its high end, white. `amount`: from 0,
 * clear, to `high`, yellow. `difference`: from -`high`, blue, over 0, clear, to orange.
 * `tint`: one colour wherever the value is above 0.5.
 */
export type Scale =
  | { readonly kind: 'grey'; readonly window: Window }
  | { readonly kind: 'amount' | 'difference'; readonly high: number }
  | { readonly kind: 'tint'; readonly colour: Colour; readonly opaque: number };

export type Colour = readonly [number, number, number];

// The anchors of the report's scales: they survive colour blindness and a grey printer.
const AMOUNT = ['06070a', '2a1256', '6d1d6e', 'b03357', 'e45f2b', 'f9a31b', 'fbf7a4'];
const DIFFERENCE = [
  'a5e6ff',
  '3fa3ea',
  '155a9c',
  '0b0c0e',
  '94480c',
  'e88a1e',
  'ffe0a0',
];
export const OUTLINE: Colour = [86, 204, 255];
export const DOUBT: Colour = [255, 150, 36];
const STEPS = 256;
const CLEAR_BELOW = 0.06; // of the scale: what is next to nothing hides nothing

const TABLES = { amount: table(AMOUNT), difference: table(DIFFERENCE) };

/** Paint a cut of a volume; the first pixel is the upper left one on the screen. */
export function painted(
  volume: Volume,
  cut: Cut,
  scale: Scale,
  minus?: Volume, // on the same grid: what is painted is the difference
): Pixels {
  const pixels = new Uint8ClampedArray(4 * cut.width * cut.height);
  if (scale.kind === 'grey') {
    greys(volume, cut, scale.window, pixels);
  } else if (scale.kind === 'tint') {
    tints(volume, cut, scale.colour, scale.opaque, pixels);
  } else {
    colours(volume, cut, scale, pixels, minus);
  }
  return pixels;
}

/** Return the colours of a scale, for its legend, in equal steps. */
export function legendColours(kind: 'amount' | 'difference', steps = 7): string[] {
  const found = TABLES[kind];
  return Array.from({ length: steps }, (_, n) => {
    const at = 3 * Math.round((n / (steps - 1)) * (STEPS - 1));
    return `rgb(${found[at] ?? 0} ${found[at + 1] ?? 0} ${found[at + 2] ?? 0})`;
  });
}

function greys(volume: Volume, cut: Cut, window: Window, pixels: Pixels): void {
  const { stored } = volume;
  const gain = (255 * volume.slope) / (window.high - window.low);
  const shift = (255 * (volume.intercept - window.low)) / (window.high - window.low);
  let to = 0;
  for (let r = 0; r < cut.height; r += 1) {
    let from = cut.start + r * cut.down;
    for (let c = 0; c < cut.width; c += 1, from += cut.across, to += 4) {
      const grey = (stored[from] as number) * gain + shift;
      pixels[to] = grey;
      pixels[to + 1] = grey;
      pixels[to + 2] = grey;
      pixels[to + 3] = 255;
    }
  }
}

function colours(
  volume: Volume,
  cut: Cut,
  scale: { readonly kind: 'amount' | 'difference'; readonly high: number },
  pixels: Pixels,
  minus?: Volume,
): void {
  const { stored, slope, intercept } = volume;
  const found = TABLES[scale.kind];
  let to = 0;
  for (let r = 0; r < cut.height; r += 1) {
    let from = cut.start + r * cut.down;
    for (let c = 0; c < cut.width; c += 1, from += cut.across, to += 4) {
      const less = minus
        ? (minus.stored[from] as number) * minus.slope + minus.intercept
        : 0;
      const share = ((stored[from] as number) * slope + intercept - less) / scale.high;
      const size = Math.min(1, Math.abs(share));
      if (!(size >= CLEAR_BELOW)) {
        continue; // and what is no number
      }
      const place = scale.kind === 'amount' ? Math.max(0, share) : (share + 1) / 2;
      const at = 3 * Math.round(Math.min(1, Math.max(0, place)) * (STEPS - 1));
      pixels[to] = found[at] as number;
      pixels[to + 1] = found[at + 1] as number;
      pixels[to + 2] = found[at + 2] as number;
      pixels[to + 3] = 255 * Math.min(1, 0.35 + size);
    }
  }
}

function tints(
  volume: Volume,
  cut: Cut,
  colour: Colour,
  opaque: number,
  pixels: Pixels,
): void {
  let to = 0;
  for (let r = 0; r < cut.height; r += 1) {
    let from = cut.start + r * cut.down;
    for (let c = 0; c < cut.width; c += 1, from += cut.across, to += 4) {
      if ((volume.stored[from] as number) * volume.slope + volume.intercept > 0.5) {
        pixels.set(colour, to);
        pixels[to + 3] = opaque;
      }
    }
  }
}

/**
 * Return the outline of what is above 0.5 on a cut, as lines along the edges of pixels.
 *
 * Four numbers a line, from and to: columns and rows of the pixels' corners.
 */
export function outlined(volume: Volume, cut: Cut): number[] {
  const inside = (c: number, r: number): boolean =>
    c >= 0 &&
    r >= 0 &&
    c < cut.width &&
    r < cut.height &&
    (volume.stored[cut.start + c * cut.across + r * cut.down] as number) *
      volume.slope +
      volume.intercept >
      0.5;
  const lines: number[] = [];
  for (let r = 0; r <= cut.height; r += 1) {
    for (let c = 0; c <= cut.width; c += 1) {
      const here = inside(c, r);
      if (here !== inside(c - 1, r)) {
        lines.push(c, r, c, r + 1);
      }
      if (here !== inside(c, r - 1)) {
        lines.push(c, r, c + 1, r);
      }
    }
  }
  return lines;
}

function table(anchors: readonly string[]): Uint8Array {
  const found = new Uint8Array(3 * STEPS);
  const part = (text: string, n: number): number =>
    parseInt(text.slice(2 * n, 2 * n + 2), 16);
  for (let step = 0; step < STEPS; step += 1) {
    const along = (step / (STEPS - 1)) * (anchors.length - 1);
    const from = Math.min(anchors.length - 2, Math.floor(along));
    const [one = '', other = ''] = [anchors[from], anchors[from + 1]];
    for (const n of [0, 1, 2]) {
      found[3 * step + n] = Math.round(
        part(one, n) + (part(other, n) - part(one, n)) * (along - from),
      );
    }
  }
  return found;
}
