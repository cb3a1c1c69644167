import { expect, test } from 'vitest';
import { KeptTexts } from './kept-texts.ts';

/** Tells how often it had to make the text. */
function making(text: string) {
  const made = { count: 0, make: async () => ((made.count += 1), text) };
  return made;
}

test('a text is made once for as long as its version is the same', async () => {
  const [kept, made] = [new KeptTexts(), making('a')];
  for (const version of ['1', '1', '2', '2', '1']) expect(await kept.get('key', version, made.make)).toBe('a');
  expect(made.count).toBe(3);
});

test('each key has its own', async () => {
  const kept = new KeptTexts();
  expect(await kept.get('one', '1', async () => 'a')).toBe('a');
  expect(await kept.get('other', '1', async () => 'b')).toBe('b');
  expect(await kept.get('one', '1', async () => 'c')).toBe('a');
});

test('what was asked for longest ago goes first, and what is larger than all the room is not kept', async () => {
  const [kept, first, second] = [new KeptTexts(20), making('x'.repeat(6)), making('y'.repeat(6))];
  await kept.get('a', '1', first.make);
  await kept.get('b', '1', second.make);
  await kept.get('a', '1', first.make);
  await kept.get('c', '1', async () => 'z'.repeat(6));
  await kept.get('a', '1', first.make);
  await kept.get('b', '1', second.make);
  expect([first.count, second.count]).toEqual([1, 2]);
  const large = making('w'.repeat(30));
  for (let i = 0; i < 2; i++) await kept.get('d', '1', large.make);
  expect(large.count).toBe(2);
});

test('what cannot be made is not kept', async () => {
  const kept = new KeptTexts();
  await expect(kept.get('a', '1', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await kept.get('a', '1', async () => 'a')).toBe('a');
});
