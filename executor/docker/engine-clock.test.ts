import { expect, it } from 'vitest';
import { EngineClock } from './engine-clock.ts';

const sayAhead = (ahead: number, answerTime: number) => {
  const clock = new EngineClock();
  const asked = Date.now();
  clock.note(new Date(asked + answerTime / 2 + ahead).toISOString(), asked, asked + answerTime);
  return clock.now() - Date.now();
};

it.each([60_000, -60_000, 1_500])('tells the time of an engine that is %i ms ahead', (ahead) => {
  expect(Math.abs(sayAhead(ahead, 40) - ahead)).toBeLessThan(20);
});

it('takes no difference from an answer that took its time', () => {
  expect(Math.abs(sayAhead(1_500, 2_000))).toBeLessThan(20);
});
