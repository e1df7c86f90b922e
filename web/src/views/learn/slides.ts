// Slides: which parts the course has, what each shows, and which questions it answers.

import type { Answer } from '../../lib/api';
import { number } from '../../lib/words';

export type Course = Answer<'/api/learn'>;
export type Fact = Course['pictures'][string];

export const SLIDES = [
  { id: 'start', pictures: [], answers: [] },
  { id: 'measured', pictures: ['head-truth', 'head-noisy'], answers: [] },
  {
    id: 'estimated',
    pictures: ['head-noisy', 'head-denoised'],
    answers: ['denoised-is'],
  },
  {
    id: 'sharp',
    pictures: ['head-denoised', 'head-sharp'],
    answers: ['sharp-texture'],
  },
  { id: 'whole', pictures: [], answers: ['synthetic-ct-lesion'] },
  {
    id: 'interval',
    pictures: ['head-denoised', 'head-spread'],
    answers: ['interval-means'],
  },
  { id: 'not-interval', pictures: [], answers: ['interval-narrow'] },
  {
    id: 'faint',
    pictures: ['faint-truth', 'faint-noisy', 'faint-denoised'],
    answers: ['small-lesion'],
  },
  { id: 'invented', pictures: ['invented-scan', 'invented-outlined'], answers: [] },
  {
    id: 'foreign',
    pictures: ['foreign-scan', 'foreign-outlined'],
    answers: ['foreign-input'],
  },
  {
    id: 'right',
    pictures: ['right-truth', 'right-noisy', 'right-denoised'],
    answers: [],
  },
  { id: 'signature', pictures: [], answers: ['signature-means'] },
] as const;

export type Slide = (typeof SLIDES)[number];

/** Return the number of the slide that a question was answered on; the first if none. */
export function slideOf(question: string): number {
  const at = SLIDES.findIndex((slide) =>
    (slide.answers as readonly string[]).includes(question),
  );
  return Math.max(0, at) + 1;
}

/** Return the numbers that a slide's words have places for, measured on its pictures. */
export function valuesOf(slide: Slide, course: Course): Record<string, string> {
  const values: Record<string, string> = {};
  for (const picture of slide.pictures) {
    const facts = course.pictures[picture] ?? {};
    for (const [name, value] of Object.entries(facts)) {
      if (typeof value !== 'number') continue;
      const words = number(value, Number.isInteger(value) ? 0 : value < 10 ? 2 : 1);
      values[`${picture}.${name}`.replaceAll(/\W/g, '_')] = words;
      values[name] = words;
    }
  }
  return values;
}
