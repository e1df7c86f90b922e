// Flow: an answer's way from the scanner to the screen, as boxes of a picture.

import { said, t } from '../messages';
import { when } from '../words';
import { amount } from './facts';
import type { Numbers, Review, Subject, Version } from './case.svelte';

/** One station on the way: what happened there, and what proves it. */
export interface Station {
  readonly id: 'scanner' | 'checks' | 'model' | 'answer' | 'people' | 'screen';
  readonly title: string;
  readonly lines: readonly string[];
  /** Whole digests, for those who compare them: name and digest. */
  readonly digests: readonly (readonly [string, string])[];
  readonly isGenerated: boolean;
}

const SHOWN = 12; // digits of a digest

/** Tell the way of an answer, station by station. */
export function stations(
  about: Subject,
  numbers: Numbers,
  review: Review,
  versions: readonly Version[],
): Station[] {
  return [
    scanner(about, numbers),
    checks(numbers),
    model(numbers),
    answer(numbers),
    people(review, versions),
    screen(review),
  ];
}

function scanner(about: Subject, { provenance, input }: Numbers): Station {
  const { scan } = about;
  const kind = [scan.modality, scan.contrast].filter(Boolean).join(' ');
  const size = (input?.shape ?? scan.shape).join(' × ');
  const digest = provenance.input_sha256;
  return {
    id: 'scanner',
    title: t('flow.scanner'),
    lines: [kind, t('flow.voxels', { size }), short(digest)],
    digests: [[t('flow.scan.digest'), digest]],
    isGenerated: false,
  };
}

function checks({ checks: every, verdict }: Numbers): Station {
  const passed = every.filter((one) => one.outcome === 'show').length;
  return {
    id: 'checks',
    title: t('flow.checks'),
    lines: [
      t('flow.passed', { passed, of: every.length }),
      t(`verdict.${verdict.outcome}`),
    ],
    digests: [],
    isGenerated: false,
  };
}

function model({ provenance, card }: Numbers): Station {
  const { seed, device, version, weights_sha256: weights } = provenance;
  const options = Object.entries(provenance.options).map(
    ([name, value]) => `${name} ${value}`,
  );
  return {
    id: 'model',
    title: t('flow.model'),
    lines: [
      card?.name ?? t('flow.model.none'),
      t('flow.seed', { seed, device }),
      options.join(', ') || t('flow.options.none'),
      ...(weights ? [short(weights)] : []),
      `vesalius ${version}`,
    ],
    digests: weights ? [[t('flow.weights.digest'), weights]] : [],
    isGenerated: true,
  };
}

function answer({ provenance, version }: Numbers): Station {
  const { energy } = provenance;
  const used = energy
    ? t('flow.energy', {
        joules: amount(energy.joules, 'J'),
        basis: said('basis', energy.basis),
      })
    : t('flow.energy.none');
  return {
    id: 'answer',
    title: t('flow.answer'),
    lines: [used, short(version)],
    digests: [[t('flow.answer.digest'), version]],
    isGenerated: true,
  };
}

function people(review: Review, versions: readonly Version[]): Station {
  const corrected = versions.filter((one) => one.kind !== 'machine');
  return {
    id: 'people',
    title: t('flow.people'),
    lines: [
      said('state.review', review.state),
      ...corrected.map((one) =>
        t('flow.corrected', { by: one.by, time: when(one.made) }),
      ),
      ...corrected.map((one) => short(one.digest)),
    ],
    digests: corrected.map((one) => [
      t('flow.version.digest', { by: one.by }),
      one.digest,
    ]),
    isGenerated: false,
  };
}

function screen(review: Review): Station {
  return {
    id: 'screen',
    title: t('flow.screen'),
    lines: [review.label || t('tag.signed'), short(review.digest)],
    digests: [[t('flow.decided.digest'), review.digest]],
    isGenerated: true,
  };
}

function short(digest: string): string {
  return digest.slice(0, SHOWN);
}
