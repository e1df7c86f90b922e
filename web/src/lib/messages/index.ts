// Messages: every word of the pages, by key. A translation is another catalogue.

import { en } from './en';

export type Key = keyof typeof en;
export type Values = Record<string, string | number>;

/** Return a message, its `{places}` filled. */
export function t(key: Key, values: Values = {}): string {
  return en[key].replace(/\{(\w+)\}/g, (place, name: string) =>
    name in values ? String(values[name]) : place,
  );
}

type Counted<K extends string> = K extends `${infer S}.other` ? S : never;
const rules = new Intl.PluralRules('en');

/** Return a message about a number of things, from `key.one` or `key.other`. */
export function count(key: Counted<Key>, n: number, values: Values = {}): string {
  const form = `${key}.${rules.select(n)}`;
  return t((form in en ? form : `${key}.other`) as Key, { n, ...values });
}

/** Return the message of a code that the desk sent, or the code where none is known. */
export function said(family: string, code: string): string {
  const key = `${family}.${code}`;
  return key in en ? en[key as Key] : code;
}
