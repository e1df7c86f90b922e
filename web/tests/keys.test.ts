import { afterEach, expect, it, vi } from 'vitest';
import { listed, nameOf, press, shortcuts } from '../src/lib/keys';

vi.stubGlobal('Element', Event);
vi.stubGlobal('document', { querySelector: () => null });
let over: (() => void)[] = [];
let time = 0;

afterEach(() => {
  for (const off of over) off();
  over = [];
});

const done: string[] = [];
function on(keys: string, does = keys): void {
  over.push(
    shortcuts({ keys, words: does, group: 'here', run: () => done.push(does) }),
  );
}

function type(key: string, more: Partial<KeyboardEvent> = {}, wait = 100): boolean {
  const preventDefault = vi.fn();
  time += wait;
  press({ key, timeStamp: time, preventDefault, ...more } as unknown as KeyboardEvent);
  return preventDefault.mock.calls.length > 0;
}

it('does what a key is for, and nothing with one that the browser wants', () => {
  on('j');
  expect(type('j')).toBe(true);
  expect(type('j', { ctrlKey: true })).toBe(false);
  expect(type('k')).toBe(false);
  expect(done.splice(0)).toEqual(['j']);
});

it('waits for a second key, but not for long', () => {
  on('g w');
  on('w');
  type('g');
  type('w');
  expect(done.splice(0)).toEqual(['g w']);
  type('g');
  type('w', {}, 5000);
  expect(done.splice(0)).toEqual(['w']);
});

it('lets the latest view take a key over, and gives it back', () => {
  on('j', 'first');
  const off = shortcuts({
    keys: 'j',
    words: '',
    group: '',
    run: () => done.push('second'),
  });
  type('j');
  off();
  type('j');
  expect(done.splice(0)).toEqual(['second', 'first']);
  expect(listed()).toHaveLength(1);
});

it('names keys with shift only where the sign does not say it', () => {
  expect(nameOf({ key: '?', shiftKey: true })).toBe('?');
  expect(nameOf({ key: 'ArrowUp', shiftKey: true })).toBe('Shift+ArrowUp');
});
