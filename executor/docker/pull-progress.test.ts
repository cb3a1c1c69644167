import { expect, test } from 'vitest';
import { createPullProgress } from './pull-progress.ts';

const layer = (id: string, status: string, current?: number, total?: number) => ({ id, status, progressDetail: { current, total } });

test('what is to come of a pull is what is not here yet, and as much again to unpack it', () => {
  const progress = createPullProgress();
  const after = (said: unknown) => {
    progress.take(said);
    return progress.coming();
  };
  expect(after({ status: 'Pulling from shop', id: '1.0' })).toBe(0);
  expect(after(layer('a', 'Pulling fs layer'))).toBe(0);
  expect(after(layer('a', 'Downloading', 0, 100))).toBe(200);
  expect(after(layer('b', 'Downloading', 10, 50))).toBe(290);
  expect(after(layer('a', 'Downloading', 90, 100))).toBe(200);
  expect(after({ id: 'a', status: 'Download complete', progressDetail: {} })).toBe(190);
  expect(after(layer('a', 'Extracting', 60, 100))).toBe(130);
  expect(after(layer('a', 'Pull complete'))).toBe(90);
  expect(after(layer('b', 'Already exists'))).toBe(0);
  expect(after('not a line of the engine')).toBe(0);
});
