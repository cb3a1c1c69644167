/** What the executor does again and again, whether or not anything happens. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepWatch } from '../../executor/observe/keep-watch.ts';
import { eventually, openHostFixture, type HostFixture } from './host-fixture.ts';

let fixture: HostFixture;
const stop = new AbortController();
beforeAll(async () => {
  fixture = await openHostFixture();
});
afterAll(() => fixture.close());

it('puts the routing right with every report, and ends when it is told to', async () => {
  const { host, deployments, observer, proxy, events } = fixture;
  const watching = keepWatch({ host, deployments, observer, reportInterval: () => 0.05, signal: stop.signal });
  await eventually(() => (proxy.calls.filter((call) => call === 'ensure').length >= 4 ? true : undefined));
  expect(events.filter((event) => event.kind === 'report').length).toBeGreaterThan(1);
  stop.abort();
  await expect(watching).resolves.toBeUndefined();
});
