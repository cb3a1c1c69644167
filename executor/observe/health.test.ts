import { describe, expect, it } from 'vitest';
import { HealthMonitor } from './health.ts';
import type { ProbeTarget } from './probe.ts';
import { createEngine } from '../docker/engine.ts';

const target: ProbeTarget = { check: { kind: 'http', path: '/', interval: 7, timeout: 1, grace: 60 }, container: 'c1', address: '10.0.0.2', port: 80, host: 'demo' };

/** Probes that answer as told, one for each wait; the monitor rests when there is none left. */
async function watch(answers: boolean[], isFresh: boolean) {
  const states: string[] = [];
  const waits: number[] = [];
  const monitor: HealthMonitor = new HealthMonitor({
    engine: createEngine({ socketPath: '/nowhere', serverId: 'srv', dir: '/nowhere' }),
    clock: { sleep: (milliseconds, signal) => (waits.push(milliseconds / 1000), answers.length > 0 ? Promise.resolve() : new Promise((resolve) => signal?.addEventListener('abort', () => resolve()))) },
    onChange: () => states.push(monitor.of('c1').state),
    look: () => Promise.resolve(answers.shift() === true ? { isHealthy: true, answer: '200' } : { isHealthy: false, answer: '503' }),
  });
  monitor.watch([{ target, isFresh }]);
  const first = monitor.of('c1').state;
  while (answers.length > 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const last = monitor.of('c1');
  monitor.watch([]);
  return { first, states, waits, last };
}

const [good, bad] = [true, false];

describe('the health of a running app', () => {
  it.each<[string, boolean[], boolean, string[]]>([
    ['stays as it is through two failures', [good, bad, bad, good], false, []],
    ['turns at the third failure in a row, and back at the first success', [bad, bad, bad, bad, good], false, ['failing', 'healthy']],
    ['is pending after a start until the first success', [bad, bad, bad, bad, good], true, ['healthy']],
  ])('%s', async (_name, answers, isFresh, expected) => {
    const { first, states } = await watch(answers, isFresh);
    expect(first).toBe(isFresh ? 'pending' : 'healthy');
    expect(states).toEqual(expected);
  });

  it('is looked at every interval, and every second while it is pending', async () => {
    expect((await watch([bad, good, good], true)).waits).toEqual([1, 7, 7]);
  });

  it('tells what the last probe saw', async () => {
    expect((await watch([bad, bad, bad], false)).last).toEqual({ state: 'failing', answer: '503' });
  });
});
