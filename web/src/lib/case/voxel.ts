// Voxel: what one place of an answer is: its value, its interval, measured or imagined.

import { t } from '../messages';
import { amount, significant } from './facts';

/** The numbers at one place; undefined where the answer has none of that kind. */
export interface AtPlace {
  readonly verb: string;
  readonly units: string;
  readonly scan?: number | undefined;
  readonly picture?: number | undefined;
  readonly spread?: number | undefined;
  readonly imagined?: number | undefined;
}

export type Origin = 'measured' | 'estimated' | 'imagined' | 'partly' | 'drawn';

export interface Said {
  readonly value: string;
  /** Empty where there is none. */
  readonly interval: string;
  readonly origin: Origin;
  readonly sentence: string;
}

const WHOLLY = new Set(['translate', 'synthesize']);
const NEXT_TO_NOTHING = 0.01; // of the value: less is not called imagined

/** Say what stands at a place. */
export function voxelSaid(at: AtPlace): Said {
  if (at.verb === 'segment') return outlineSaid(at);
  if (at.verb === 'detect' || at.picture === undefined) return scanSaid(at);
  const { picture, spread, units } = at;
  const interval =
    spread === undefined
      ? ''
      : t('voxel.interval', {
          low: significant(picture - spread),
          high: amount(picture + spread, units),
        });
  const value = amount(picture, units);
  const origin = originOf(at);
  const measured = at.scan === undefined ? '' : amount(at.scan, units);
  const part = amount(at.imagined ?? 0, units);
  const sentence = {
    imagined: t('voxel.imagined'),
    partly: t('voxel.partly', { part }),
    measured: t('voxel.measured'),
    estimated: t('voxel.estimated', { measured }),
    drawn: '',
  }[origin];
  return { value, interval, origin, sentence };
}

function originOf(at: AtPlace): Origin {
  if (WHOLLY.has(at.verb)) return 'imagined';
  if (at.imagined === undefined) return 'estimated';
  const least = NEXT_TO_NOTHING * Math.max(1e-6, Math.abs(at.picture ?? 0));
  return Math.abs(at.imagined) > least ? 'partly' : 'measured';
}

/** An outline has no interval at a voxel: it has a band in which it may run. */
function outlineSaid(at: AtPlace): Said {
  const probability = at.picture ?? 0;
  const isDoubtful = (at.spread ?? 0) > 0.5;
  const key = isDoubtful
    ? 'voxel.doubtful'
    : probability > 0.5
      ? 'voxel.inside'
      : 'voxel.outside';
  return {
    value: t('voxel.probability', { probability: significant(probability) }),
    interval: '',
    origin: 'drawn',
    sentence: t(key),
  };
}

function scanSaid(at: AtPlace): Said {
  return {
    value: at.scan === undefined ? t('voxel.none') : amount(at.scan, at.units),
    interval: '',
    origin: 'measured',
    sentence: t('voxel.scan'),
  };
}
