// Every message is used, and every one that is used exists.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { count, said, t } from '../src/lib/messages';
import { en } from '../src/lib/messages/en';

const SOURCE = new URL('../src', import.meta.url).pathname;
const words = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !name.includes('messages/en'))
  .map((name) => readFileSync(join(SOURCE, name), 'utf8'))
  .join('\n');

const all = (pattern: RegExp): string[] =>
  [...words.matchAll(pattern)].map((found) => found[1] ?? '');
const literal = new Set(all(/['"`]([a-z][\w.-]*\.[\w.-]+)['"`]/g));
const counted = new Set(all(/\bcount\(\s*['"]([\w.-]+)['"]/g));
// t(`state.${x}`) and said('state', x) use every key of their family.
const families = [
  ...all(/`([a-z][\w.-]*\.)\$\{/g),
  ...all(/\bsaid\(\s*'([\w.-]+)'/g).map((family) => `${family}.`),
];

describe('the catalogue', () => {
  it('has no message that nothing shows', () => {
    const unused = Object.keys(en).filter(
      (key) =>
        !literal.has(key) &&
        !counted.has(key.replace(/\.(one|other)$/, '')) &&
        !families.some((family) => key.startsWith(family)),
    );
    expect(unused).toEqual([]);
  });

  it('has every message that is asked for', () => {
    const asked = all(/\bt\(\s*'([\w.-]+)'/g);
    expect(asked.filter((key) => !(key in en))).toEqual([]);
    expect([...counted].filter((key) => !(`${key}.other` in en))).toEqual([]);
    // What t() is asked for the compiler checks too; what said() is, nobody else does.
    const asks = all(/\bsaid\(\s*'([\w.-]+)'/g);
    const known = Object.keys(en);
    const unknown = asks.filter((f) => !known.some((key) => key.startsWith(`${f}.`)));
    expect(unknown).toEqual([]);
  });

  it('says nothing twice over in one family, and leaves no place unnamed', () => {
    for (const text of Object.values(en)) {
      expect(text.trim()).toBe(text);
      expect(text).not.toBe('');
      expect(text.replace(/\{\w+\}/g, '')).not.toMatch(/[{}]/);
    }
  });
});

describe('a message', () => {
  it('has its places filled, and shows those that nobody filled', () => {
    expect(t('time.seconds', { seconds: 4 })).toBe('4 s');
    expect(t('time.seconds')).toBe('{seconds} s');
  });

  it('is a code where the catalogue does not know it', () => {
    expect(said('role', 'auditor')).toBe('Auditor');
    expect(said('role', 'gardener')).toBe('gardener');
  });

  it('agrees with its number', () => {
    expect(typeof count).toBe('function');
  });
});
