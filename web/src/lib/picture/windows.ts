/** Windows: which intensities become black and which white, for two pictures alike. */

import { type Volume, valueAt } from './nifti';

export interface Window {
  readonly low: number;
  readonly high: number;
}

/** Centre and width, in HU: the windows that radiologists call by name. */
export const PRESETS = {
  brain: { centre: 40, width: 80 },
  lung: { centre: -600, width: 1500 },
  bone: { centre: 400, width: 1800 },
  soft: { centre: 40, width: 400 },
} as const;
export type Preset = keyof typeof PRESETS;

const SAMPLED = 200_000; // voxels: enough for a percentile
const DARK_END = 0.5;
const BRIGHT_END = 99.5; // percentile; a few hot voxels may not darken a picture

export function presetWindow(name: Preset): Window {
  const { centre, width } = PRESETS[name];
  return { low: centre - width / 2, high: centre + width / 2 };
}

/** Return a window's centre and width. */
export function centreOf(window: Window): { centre: number; width: number } {
  return { centre: (window.low + window.high) / 2, width: window.high - window.low };
}

/** Move a window and stretch it; it never becomes narrower than a thousandth. */
export function shifted(window: Window, up: number, wider: number): Window {
  const { centre, width } = centreOf(window);
  const least = Math.max(1e-6, Math.abs(width) / 1000);
  const next = Math.max(least, width * Math.exp(wider));
  const middle = centre + up * width;
  return { low: middle - next / 2, high: middle + next / 2 };
}

/** Choose a window from what is in a picture: between its dark and its bright end. */
export function contentWindow(volume: Volume): Window {
  const values = sampled(volume);
  const [low, high] = [percentile(values, DARK_END), percentile(values, BRIGHT_END)];
  return high > low ? { low, high } : { low, high: low + 1 };
}

/**
 * Choose the window to begin with.
 *
 * CT has named windows: lung where much of the picture is lung-like air, else soft
 * tissue for a body and brain for a head. Other pictures: what is in them.
 */
export function firstWindow(volume: Volume, modality: string, isHead: boolean): Window {
  if (modality !== 'CT') {
    return contentWindow(volume);
  }
  const values = sampled(volume);
  const inside = values.filter((value) => value > -930);
  const airy = inside.filter((value) => value < -550).length;
  if (airy > 0.08 * inside.length && !isHead) {
    return presetWindow('lung');
  }
  return presetWindow(isHead ? 'brain' : 'soft');
}

/** Choose where a colour scale ends: a round number beyond nearly all magnitudes. */
export function scaleEnd(volume: Volume, share = 99): number {
  const values = sampled(volume)
    .map(Math.abs)
    .filter((value) => value > 0);
  const reach = Math.max(1e-6, values.length ? percentile(values.sort(), share) : 0);
  const power = 10 ** Math.floor(Math.log10(reach));
  const steps = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
  return power * (steps.find((step) => step * power >= reach * (1 - 1e-9)) ?? 10);
}

/** Choose where the scale of a difference ends; both volumes lie on one grid. */
export function differenceEnd(one: Volume, other: Volume): number {
  const step = Math.max(1, Math.ceil(one.stored.length / SAMPLED)) | 1;
  const found = new Float32Array(Math.ceil(one.stored.length / step));
  for (let n = 0; n < found.length; n += 1) {
    found[n] = valueAt(one, n * step) - valueAt(other, n * step);
  }
  return scaleEnd({ ...one, stored: found, slope: 1, intercept: 0 });
}

// One volume is asked several times: for its window, its content, its scale.
const known = new WeakMap<Volume, Float64Array>();

/** Return every n-th intensity, sorted. */
function sampled(volume: Volume): Float64Array {
  const before = known.get(volume);
  if (before) return before;
  const { stored, slope, intercept } = volume;
  const step = Math.max(1, Math.ceil(stored.length / SAMPLED)) | 1; // odd: no column is always met
  const found = new Float64Array(Math.ceil(stored.length / step));
  let count = 0;
  for (let at = 0; at < stored.length; at += step) {
    const value = (stored[at] ?? 0) * slope + intercept;
    if (Number.isFinite(value)) {
      found[count] = value;
      count += 1;
    }
  }
  const values = found.subarray(0, count).sort(); // of numbers: by their size
  known.set(volume, values);
  return values;
}

function percentile(sorted: Float64Array, percent: number): number {
  const at = (percent / 100) * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}
