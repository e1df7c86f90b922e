// Signs: what stands on every cut: sides, length, what the picture is, where one looks.

import type { Measured } from './measure';
import { ballMl, lengthMm } from './measure';
import { cased, words, type Stage } from './layers';
import type { Colour } from './paint';
import { indexAt, lettersOf, LIES, sizeOf, spotOf } from './planes';
import { toScreen, type Screen } from './sight';

const RULERS_MM = [200, 100, 50, 20, 10, 5, 2, 1];
const LETTER_PX = 15;
const TAG_PX = 12;
const TAG_LINE = TAG_PX + 5;
const NARROW_PX = 560;
const EDGE = 8;
const FAMILY = 'system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif';
const WHITE: Colour = [240, 244, 246];
const IMAGINED: Colour = [255, 190, 92];
const RULER: Colour = [120, 220, 140];
const CROSS: Colour = [102, 207, 195];

/** Write the letters of the four edges: nobody looks at a side without its name. */
export function drawLetters(
  stage: Stage,
  screen: Screen,
  hasSides: boolean,
  lines: number, // of tags, which on a narrow picture reach its middle
): void {
  const { context } = stage;
  const [left, right, top, bottom] = hasSides
    ? lettersOf(stage.plane)
    : ['?', '?', '?', '?'];
  context.save();
  context.font = `600 ${LETTER_PX}px ${FAMILY}`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  words(context, left, EDGE, screen.height / 2, WHITE);
  context.textAlign = 'right';
  words(context, right, screen.width - EDGE, screen.height / 2, WHITE);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const under = screen.width < NARROW_PX ? lines * TAG_LINE : 0;
  words(context, top, screen.width / 2, EDGE + under, WHITE);
  context.textBaseline = 'bottom';
  words(context, bottom, screen.width / 2, screen.height - EDGE, WHITE);
  context.restore();
}

export interface Tag {
  readonly text: string;
  readonly isGenerated: boolean;
}

/** Write what a picture is on the picture itself, so that no copy of it lacks it. */
export function drawTag(
  stage: Stage,
  tags: readonly Tag[],
  screen: Screen,
  align: 'left' | 'right',
  others = 0, // lines of the other side, which on a narrow picture come first
): void {
  const { context } = stage;
  context.save();
  context.font = `600 ${TAG_PX}px ${FAMILY}`;
  context.textAlign = align;
  context.textBaseline = 'top';
  const x = align === 'left' ? EDGE : screen.width - EDGE;
  const first = screen.width < NARROW_PX ? others : 0;
  tags.forEach((tag, line) => {
    const y = EDGE + (first + line) * TAG_LINE;
    words(context, tag.text, x, y, tag.isGenerated ? IMAGINED : WHITE);
  });
  context.restore();
}

/** Draw a bar that says how large things are. */
export function drawRuler(stage: Stage, screen: Screen): void {
  const { context, shown } = stage;
  const mm = RULERS_MM.find((one) => one * shown.scale < 0.35 * screen.width) ?? 1;
  const length = mm * shown.scale;
  const [x, y] = [screen.width - EDGE - length, screen.height - EDGE - 1];
  context.save();
  context.beginPath();
  context.moveTo(x, y - 5);
  context.lineTo(x, y);
  context.lineTo(x + length, y);
  context.lineTo(x + length, y - 5);
  cased(context, WHITE);
  context.font = `500 ${TAG_PX}px ${FAMILY}`;
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  words(context, `${mm} mm`, x + length, y - 6, WHITE);
  context.restore();
}

/** Draw where the other cuts run, with a gap in the middle: it hides nothing there. */
export function drawCross(stage: Stage): void {
  const { context, frame, plane, shown } = stage;
  const [x, y] = toScreen(shown, spotOf(frame, plane, stage.focus));
  const size = sizeOf(frame, plane);
  const [left, top] = toScreen(shown, { u: 0, w: 0 });
  const [right, bottom] = toScreen(shown, size);
  context.save();
  context.globalAlpha = 0.75;
  context.lineWidth = 1;
  context.strokeStyle = `rgb(${CROSS.join(' ')})`;
  context.beginPath();
  for (const [from, to] of [
    [left, x - 12],
    [x + 12, right],
  ] as const) {
    context.moveTo(from, y);
    context.lineTo(to, y);
  }
  for (const [from, to] of [
    [top, y - 12],
    [y + 12, bottom],
  ] as const) {
    context.moveTo(x, from);
    context.lineTo(x, to);
  }
  context.stroke();
  context.restore();
}

/** Draw what was measured on this cut. */
export function drawMeasured(stage: Stage, measured: readonly Measured[]): void {
  const { context, frame, plane, shown } = stage;
  const { through } = LIES[plane];
  const here = indexAt(frame, plane, stage.focus);
  context.save();
  context.font = `600 ${TAG_PX + 1}px ${FAMILY}`;
  context.textBaseline = 'bottom';
  for (const one of measured) {
    const [from, to] =
      one.kind === 'length' ? [one.from, one.to] : [one.centre, one.edge];
    const length = lengthMm(from, to);
    const far = Math.abs(from[through] - stage.focus[through]);
    const isHere =
      indexAt(frame, plane, from) === here && indexAt(frame, plane, to) === here;
    const [x, y] = toScreen(shown, spotOf(frame, plane, from));
    const [u, w] = toScreen(shown, spotOf(frame, plane, to));
    context.beginPath();
    if (one.kind === 'length' && isHere) {
      context.moveTo(x, y);
      context.lineTo(u, w);
      cased(context, RULER);
      words(
        context,
        `${length.toFixed(1)} mm`,
        Math.max(x, u) + 6,
        Math.max(y, w),
        RULER,
      );
    } else if (one.kind === 'ball' && far < length) {
      const radius = Math.sqrt(length ** 2 - far ** 2) * shown.scale;
      context.arc(x, y, radius, 0, 2 * Math.PI);
      cased(context, RULER);
      const text = `${(2 * length).toFixed(1)} mm, ${ballMl(one).toFixed(2)} ml`;
      words(context, text, x + radius * 0.75 + 4, y - radius * 0.75, RULER);
    }
  }
  context.restore();
}
