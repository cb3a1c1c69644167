import { expect, test } from 'vitest';
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import { createOomTeller } from './oom.ts';

function open() {
  let now = 1_000_000;
  const told: ExecutorEvent[] = [];
  const tell = createOomTeller({ clock: { stamp: () => now }, emit: (event) => told.push(event) });
  const hint = (action: string, container = 'c1') => tell({ action, container, app: 'app_1', deployment: 'dep_1' });
  return { told, hint, pass: (ms: number) => void (now += ms) };
}

test('a kill is told with the app and its deployment', () => {
  const { told, hint } = open();
  hint('die');
  hint('oom');
  expect(told).toEqual([{ kind: 'oom', app: 'app_1', deployment: 'dep_1', at: 1_000_000 }]);
});

test('kills of one container within a minute are one event; another container has its own', () => {
  const { told, hint, pass } = open();
  hint('oom');
  pass(59_999);
  hint('oom');
  hint('oom', 'c2');
  expect(told).toHaveLength(2);
  pass(1);
  hint('oom');
  expect(told).toHaveLength(3);
});

test('nothing is remembered of a container that is gone', () => {
  const { told, hint } = open();
  hint('oom');
  hint('destroy');
  hint('oom');
  expect(told).toHaveLength(2);
});
