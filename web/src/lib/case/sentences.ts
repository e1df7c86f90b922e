// Sentences: what an answer says, in words, each number of it traceable.

import { t } from '../messages';
import { placeWords, type Three } from '../picture/space';
import {
  amount,
  derived,
  fact,
  lookUp,
  pathOf,
  sentence,
  significant,
  word,
  type Fact,
  type Sentence,
  type Told,
} from './facts';

const MOST_FINDINGS = 5; // said in words; all of them stand in the list

/** Say what an answer found; a verb that is not known here tells its measures. */
export function sentences(told: Told): Sentence[] {
  const tell = VERBS[told.provenance.task];
  const known = told.verdict.outcome === 'withhold' ? [] : (tell?.(told) ?? []);
  return known.length ? known : measured(told);
}

const VERBS: Readonly<Record<string, (told: Told) => Sentence[]>> = {
  denoise: denoised,
  segment: outlined,
  detect: detected,
  translate: imagined,
};

function denoised(told: Told): Sentence[] {
  const before = measure(told, 'noise before');
  const after = measure(told, 'noise after');
  const spread = measure(told, 'spread');
  const said: Sentence[] = [];
  if (before && after) {
    said.push(
      sentence('why.noise', { before, after, less: lessThan(told, before, after) }),
    );
  }
  if (spread) {
    said.push(sentence('why.spread', { spread }));
  }
  return said;
}

function outlined(told: Told): Sentence[] {
  const volume = measure(told, 'tumour volume');
  const low = measure(told, 'volume, lower end');
  const high = measure(told, 'volume, upper end');
  if (!volume) {
    return [];
  }
  if (valueOf(told, 'tumour volume') === 0) {
    return [sentence('why.outlined.none', {})];
  }
  const said = [sentence('why.outlined', { volume })];
  if (low && high) {
    said.push(sentence('why.outlined.interval', { low, high }));
  }
  return [...said, ...found(told, 'why.piece')];
}

function detected(told: Told): Sentence[] {
  const nodules = measure(told, 'nodules');
  const searched = measure(told, 'lung volume');
  if (!nodules || !searched) {
    return [];
  }
  const isNone = valueOf(told, 'nodules') === 0;
  const said = [
    sentence(isNone ? 'why.detected.none' : 'why.detected', { nodules, searched }),
  ];
  return isNone
    ? said
    : [...said, ...found(told, 'why.nodule'), sentence('why.nodule.not', {})];
}

function imagined(told: Told): Sentence[] {
  const source = word(told, 'input.modality');
  const said = source ? [sentence('why.imagined', { source })] : [];
  return [...said, ...measured(told)];
}

function measured(told: Told): Sentence[] {
  return told.measures.flatMap((one, at) => {
    const value = fact(told, pathOf('measures', at, 'value'), (stored) =>
      amount(stored, one.unit),
    );
    const name = word(told, pathOf('measures', at, 'name'));
    const meaning = { words: one.meaning.replace(/\.$/, ''), from: [] };
    return value && name ? [sentence('why.measure', { name, value, meaning })] : [];
  });
}

function found(told: Told, key: 'why.piece' | 'why.nodule'): Sentence[] {
  const hasSides = told.input?.sides_known ?? false;
  const listed = told.findings.map((one, at) => ({ one, at })).slice(0, MOST_FINDINGS);
  const said = listed.flatMap(({ one, at }) => {
    const path = pathOf('findings', at);
    const size = fact(told, pathOf(path, 'size_mm'), (stored) => amount(stored, 'mm'));
    const [x, y, z] = [0, 1, 2].map((axis) =>
      fact(told, pathOf(path, 'position_mm', axis)),
    );
    if (!size || !x || !y || !z) {
      return [];
    }
    const place = derived(placeWords(one.position_mm as Three, hasSides), x, y, z);
    const probability = fact(told, pathOf(path, 'probability'));
    const low = fact(told, pathOf(path, 'interval', 0));
    const high = fact(told, pathOf(path, 'interval', 1));
    return probability && low && high
      ? [sentence(key, { size, place, probability, low, high })]
      : [];
  });
  const left = told.findings.length - listed.length;
  return left > 0 ? [...said, [t('why.more', { n: left })]] : said;
}

/** Return a measure by its name. */
export function measure(told: Told, name: string): Fact | null {
  const at = told.measures.findIndex((one) => one.name.toLowerCase() === name);
  const unit = told.measures[at]?.unit ?? '';
  return fact(told, pathOf('measures', at, 'value'), (stored) => amount(stored, unit));
}

function valueOf(told: Told, name: string): number | null {
  const at = told.measures.findIndex((one) => one.name.toLowerCase() === name);
  const stored = lookUp(told, pathOf('measures', at, 'value'));
  return typeof stored === 'number' ? stored : null;
}

function lessThan(told: Told, before: Fact, after: Fact): Fact {
  const [had, has] = [valueOf(told, 'noise before'), valueOf(told, 'noise after')];
  const share = had && has !== null ? 100 * (1 - has / had) : 0;
  const words =
    share >= 0
      ? t('why.less', { percent: significant(Math.round(share)) })
      : t('why.more.noise', { percent: significant(Math.round(-share)) });
  return derived(words, before, after);
}
