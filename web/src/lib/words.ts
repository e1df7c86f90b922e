// Words: numbers, times and sizes as people read them.

import { t } from './messages';

const LANGUAGE = 'en-GB';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Return a number with so many digits after the point. */
export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(LANGUAGE, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** Return bytes as kB, MB or GB. */
export function bytes(value: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const power = Math.min(3, Math.floor(Math.log10(Math.max(value, 1)) / 3));
  return new Intl.NumberFormat(LANGUAGE, {
    style: 'unit',
    unit: units[power] ?? 'byte',
    maximumFractionDigits: power > 1 ? 1 : 0,
  }).format(value / 1000 ** power);
}

/** Return a date and time of day, in the reader's own time zone. */
export function when(time: string | number): string {
  return new Intl.DateTimeFormat(LANGUAGE, {
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(new Date(time));
}

/** Return a time of day with seconds. */
export function clock(time: string | number): string {
  return new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'medium' }).format(
    new Date(time),
  );
}

/** Return how long ago something was: "3 minutes ago". */
export function ago(time: string | number, now = Date.now()): string {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000);
  if (seconds < 10) return t('time.now');
  const scale: [number, Intl.RelativeTimeFormatUnit][] = [
    [DAY, 'day'],
    [HOUR, 'hour'],
    [MINUTE, 'minute'],
    [1, 'second'],
  ];
  const [size, unit] = scale.find(([one]) => seconds >= one) ?? [1, 'second'];
  const format = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'always' });
  return format.format(-Math.round(seconds / size), unit);
}

/** Return a length of time: "2 min 5 s". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / MINUTE);
  return minutes
    ? t('time.minutes', { minutes, seconds: whole % MINUTE })
    : t('time.seconds', { seconds: whole });
}

/** Return the beginning of an id or digest: enough to tell it from others by eye. */
export function short(name: string, length = 10): string {
  return name.length > length ? name.slice(0, length) : name;
}
