import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventBell } from './event-bell.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listen(bell: EventBell, app: string, after: string, timeout = 5_000) {
  const woken: string[] = [];
  void bell.wait(app, after, timeout).then(() => woken.push(app));
  return woken;
}

test('whoever waits is woken by the next event of the app, and by no other', async () => {
  const bell = new EventBell();
  const woken = listen(bell, 'app_1', 'evt_1');
  bell.ring('app_2', 'evt_2');
  await vi.advanceTimersByTimeAsync(0);
  expect(woken).toEqual([]);
  bell.ring('app_1', 'evt_2');
  await vi.advanceTimersByTimeAsync(0);
  expect(woken).toEqual(['app_1']);
  expect(vi.getTimerCount()).toBe(0);
});

test('an event announced between the look and the wait is not slept through', async () => {
  const bell = new EventBell();
  bell.ring('app_1', 'evt_2');
  const [late, upToDate] = [listen(bell, 'app_1', 'evt_1'), listen(bell, 'app_1', 'evt_2')];
  await vi.advanceTimersByTimeAsync(0);
  expect(late).toEqual(['app_1']);
  expect(upToDate).toEqual([]);
});

test('an event with an older id than one announced before still wakes', async () => {
  const bell = new EventBell();
  bell.ring('app_1', 'evt_5');
  const woken = listen(bell, 'app_1', 'evt_5');
  bell.ring('app_1', 'evt_4');
  await vi.advanceTimersByTimeAsync(0);
  expect(woken).toEqual(['app_1']);
});

test('nobody waits for ever', async () => {
  const woken = listen(new EventBell(), 'app_1', '');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(woken).toEqual(['app_1']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a thousand apps are remembered, and of more the ones that rang last', async () => {
  const bell = new EventBell();
  bell.ring('quiet', 'evt_2');
  bell.ring('busy', 'evt_2');
  for (let i = 0; i < 999; i++) bell.ring(`app_${i}`, 'evt_2');
  bell.ring('busy', 'evt_1');
  bell.ring('one more', 'evt_2');
  const [quiet, busy] = [listen(bell, 'quiet', 'evt_1'), listen(bell, 'busy', 'evt_1')];
  await vi.advanceTimersByTimeAsync(0);
  expect([quiet, busy]).toEqual([[], ['busy']]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(quiet).toEqual(['quiet']);
});
