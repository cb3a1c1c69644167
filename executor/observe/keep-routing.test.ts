import { describe, expect, it } from 'vitest';
import { createLog } from '../log.ts';
import type { Proxy } from '../proxy/proxy.ts';
import { createRoutingKeeper } from './keep-routing.ts';

function keeperOf(ensure: () => Promise<void>) {
  const lines: string[] = [];
  const refuse = () => Promise.reject(new Error('not part of this test'));
  const proxy: Proxy = { ensure, switchTo: refuse, drain: refuse, remove: refuse, routes: () => [] };
  return { lines, keep: createRoutingKeeper({ proxy, log: createLog((line) => lines.push(line)) }) };
}

describe('keeping the routing', () => {
  it('tells a cause once, and again after it was gone', async () => {
    const causes = ['port taken', 'port taken', 'no answer', 'no answer', '', 'no answer'];
    const { lines, keep } = keeperOf(() => {
      const cause = causes.shift();
      return cause === '' ? Promise.resolve() : Promise.reject(new Error(cause));
    });
    while (causes.length > 0) await keep();
    const told = lines.map((line) => ['port taken', 'no answer'].find((cause) => line.includes(cause)));
    expect(told).toEqual(['port taken', 'no answer', 'no answer']);
  });

  it('tries one at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let tries = 0;
    const { keep } = keeperOf(() => (tries++, promise));
    const all = [keep(), keep()];
    resolve();
    await Promise.all(all);
    expect(tries).toBe(1);
    await keep();
    expect(tries).toBe(2);
  });
});
