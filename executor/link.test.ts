import { describe, expect, it } from 'vitest';
import type { Hello } from '../shared/protocol/messages.ts';
import { makeHandlers, makeStreamHandlers } from '../test/support/handlers.ts';
import { Link, type LinkOptions } from './link.ts';
import { createLog } from './log.ts';
import { Outbox } from './outbox.ts';
import type { Ending, SessionOptions } from './session.ts';

const greeting: Hello = { type: 'hello', protocol: 1, version: '0.0.0', capabilities: [], engine: null, ingress: { scheme: 'http', port: 80 }, deployments: [] };

/** A link over a world in which connections end as told and time passes only by waiting. Ends after as many waits as `attempts`. */
async function run(attempts: number, change: Partial<LinkOptions> & { session: (options: SessionOptions) => Promise<Ending> }) {
  const stop = new AbortController();
  const waits: number[] = [];
  const lines: string[] = [];
  let now = 0;
  const link = new Link({
    apiUrl: 'http://control.example', connectToken: () => Promise.resolve('token'), hello: () => Promise.resolve(greeting), handlers: makeHandlers(), streamHandlers: makeStreamHandlers(),
    outbox: new Outbox({ onOutcomeAcknowledged: () => undefined }),
    onWelcome: () => undefined,
    clock: {
      sleep: (milliseconds) => {
        waits.push(milliseconds);
        now += milliseconds;
        if (waits.length >= attempts) stop.abort();
        return Promise.resolve();
      },
    },
    log: createLog((line) => lines.push(line)),
    now: () => now,
    ...change,
  });
  await link.run(stop.signal);
  return { waits, lines, elapsed: now, pass: (milliseconds: number) => (now += milliseconds) };
}

const welcome = (options: SessionOptions) => options.onWelcome({ type: 'welcome', protocol: 1, server: 'srv', epoch: 1, report_interval: 30 }, { send: () => undefined, sendFrame: () => undefined, backlog: () => 0 });

describe('REL-02 the link never gives up and never storms', () => {
  it.each<[string, Partial<LinkOptions> & { session: LinkOptions['session'] & {} }]>([
    ['the name does not resolve', { session: () => Promise.resolve({ reason: 'getaddrinfo ENOTFOUND', code: null }) }],
    ['the certificate is wrong', { session: () => Promise.resolve({ reason: 'self-signed certificate', code: null }) }],
    ['the upgrade is answered 404', { session: () => Promise.resolve({ reason: 'upgrade refused with 404', code: 404 }) }],
    ['the upgrade is answered 409', { session: () => Promise.resolve({ reason: 'upgrade refused with 409', code: 409 }) }],
    ['the key is not known (401)', { session: () => Promise.resolve({ reason: 'upgrade refused with 401', code: 401 }) }],
    ['no welcome comes', { session: () => Promise.resolve({ reason: 'no welcome in time', code: null }) }],
    ['the socket closes right after the welcome', { session: (options) => Promise.resolve(welcome(options)).then(() => ({ reason: 'closed with 1006', code: 1006 })) }],
    ['another executor takes over', { session: (options) => Promise.resolve(welcome(options)).then(() => ({ reason: 'superseded', code: 4409 })) }],
    ['the session throws', { session: () => Promise.reject(new Error('broken')) }],
    ['the token cannot be signed', { session: () => Promise.reject(new Error('unused')), connectToken: () => Promise.reject(new Error('no key')) }],
    ['the hello cannot be made', { session: () => Promise.reject(new Error('unused')), hello: () => Promise.reject(new Error('no engine')) }],
  ])('when %s, 10,000 times', async (_name, world) => {
    const { waits, elapsed } = await run(10_000, world);
    expect(waits).toHaveLength(10_000);
    expect(elapsed / 10_000).toBeGreaterThan(10_000);
  });

  it('begins again at one second after a minute of health', async () => {
    let healthy = 0;
    let passed = 0;
    const { waits } = await run(6, {
      now: () => passed,
      backoff: { next: (_kind, healthyFor) => (healthy = healthyFor) },
      session: (options) => {
        welcome(options);
        passed += 61_000;
        return Promise.resolve({ reason: 'closed with 1001', code: 1001 });
      },
    });
    expect(healthy).toBe(61_000);
    expect(waits).toHaveLength(6);
  });
});

describe('REL-03 a refusal', () => {
  it('is told once for each change of cause', async () => {
    const codes = [401, 401, 401, 403, 403, 4403, 4403];
    const { lines } = await run(codes.length, { session: () => Promise.resolve(codes.splice(0, 1).map((code) => ({ reason: `refused with ${code}`, code }))[0] ?? { reason: 'none', code: null }) });
    expect(lines.map((line) => JSON.parse(line).reason)).toEqual(['refused with 401', 'refused with 403', 'refused with 4403']);
    expect(lines.every((line) => JSON.parse(line).level === 'error')).toBe(true);
  });

  it('backs off to five minutes and more', async () => {
    const { waits } = await run(20, { session: () => Promise.resolve({ reason: 'refused', code: 4403 }) });
    expect(waits.slice(10).every((wait) => wait >= 300_000)).toBe(true);
  });
});
