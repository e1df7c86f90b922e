import { expect, test } from 'vitest';
import { lineOf } from '../../src/lib/picture/line';
import type { Quality } from '../../src/lib/picture/fetching';

/** A line, what has begun on it, and what ends a download. */
function stage() {
  const line = lineOf();
  const begun: string[] = [];
  const ends = new Map<string, (failed?: Error) => void>();
  const take = (quality: Quality, name: string): Promise<string> =>
    line.take(quality, () => {
      begun.push(name);
      return new Promise((done, fail) =>
        ends.set(name, (failed) => (failed ? fail(failed) : done(name))),
      );
    });
  const end = async (name: string, failed?: Error): Promise<void> => {
    ends.get(name)?.(failed);
    await settled();
  };
  return { begun, take, end };
}

async function settled(): Promise<void> {
  await new Promise((done) => setTimeout(done, 0));
}

test('previews come one after another, and full volumes after them', async () => {
  const { begun, take, end } = stage();
  const first = take('preview', 'scan');
  void take('full', 'scan, all');
  void take('preview', 'answer');
  void take('full', 'answer, all');
  await settled();
  expect(begun).toEqual(['scan']);
  await end('scan');
  expect(await first).toBe('scan');
  expect(begun).toEqual(['scan', 'answer']);
  await end('answer');
  expect(begun).toEqual(['scan', 'answer', 'scan, all']);
  await end('scan, all');
  expect(begun).toEqual(['scan', 'answer', 'scan, all', 'answer, all']);
});

test('a preview does not wait for a full volume that is on its way', async () => {
  const { begun, take } = stage();
  void take('full', 'scan, all');
  await settled();
  void take('preview', 'spread');
  await settled();
  expect(begun).toEqual(['scan, all', 'spread']);
});

test('what fails is heard by who asked, and holds nobody up', async () => {
  const { begun, take, end } = stage();
  const lost = take('preview', 'scan');
  const heard = expect(lost).rejects.toThrow('the line broke');
  void take('preview', 'answer');
  void take('full', 'answer, all');
  await settled();
  await end('scan', new Error('the line broke'));
  await heard;
  expect(begun).toEqual(['scan', 'answer']);
  await end('answer');
  expect(begun).toEqual(['scan', 'answer', 'answer, all']);
});
