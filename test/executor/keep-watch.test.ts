/** What the executor does again and again, whether or not anything happens. */
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { keepWatch } from '../../executor/observe/keep-watch.ts';
import { eventually, openHostFixture, useHostFixture, type HostFixture } from './host-fixture.ts';

let fixture: HostFixture;
useHostFixture((opened) => (fixture = opened));

it('puts the routing right with every report, and ends when it is told to', async () => {
  const { host, deployments, observer, proxy, events } = fixture;
  const stop = new AbortController();
  const watching = keepWatch({ host, deployments, observer, reportInterval: () => 0.05, signal: stop.signal });
  await eventually(() => (proxy.calls.filter((call) => call === 'ensure').length >= 4 ? true : undefined));
  expect(events.filter((event) => event.kind === 'report').length).toBeGreaterThan(1);
  stop.abort();
  await expect(watching).resolves.toBeUndefined();
});

it('REL-01 reports an engine that accepts connections and never answers', async () => {
  const path = `/tmp/dockup-silent-${process.pid}.sock`;
  const silent = createServer().listen(path);
  const hung = await openHostFixture({ socketPath: path });
  const { host, deployments, observer, events } = hung;
  const stop = new AbortController();
  // Silence ends a question after 10 s; nobody waits for that here.
  const { modem } = host.engine.quick;
  expect(modem).toMatchObject({ timeout: 10_000 });
  Object.assign(modem, { timeout: 200 });
  try {
    const watching = keepWatch({ host, deployments, observer, reportInterval: () => 0.05, signal: stop.signal });
    expect(await eventually(() => events.find((event) => event.kind === 'report'))).toMatchObject({ engine: 'unreachable' });
    stop.abort();
    await watching;
  } finally {
    await hung.close();
    silent.close();
  }
});
