/** Results to test with, as the desk tells them. */

import type { Finding, Measure, Told } from '../../src/lib/case/facts';

export function told(task: string, more: Partial<Told> = {}): Told {
  return {
    verdict: { outcome: 'show', reasons: [] },
    checks: [],
    measures: [],
    findings: [],
    input: {
      shape: [4, 5, 6],
      spacing_mm: [1, 1, 2],
      modality: 'MR',
      contrast: 'FLAIR',
      units: 'a.u.',
      sides_known: true,
    },
    card: null,
    provenance: {
      task,
      model: null,
      weights_sha256: null,
      input_sha256: 'ab'.repeat(32),
      seed: 7,
      options: {},
      version: '0.1',
      device: 'cpu',
      energy: null,
    },
    notes: [],
    ...more,
  };
}

export function measure(name: string, value: number | null, unit: string): Measure {
  return { name, value, unit, meaning: `What ${name} says.` };
}

export function finding(at: number): Finding {
  return {
    position_mm: [10 + at, -20, 5],
    size_mm: 6.25 + at,
    probability: 0.8 - 0.1 * at,
    interval: [0.4, 0.95],
  };
}
