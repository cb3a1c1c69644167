/** The executor's end of the link over a real socket. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../executor/clock.ts';
import type { Handlers } from '../../executor/dispatch.ts';
import { enrol, loadIdentity } from '../../executor/identity.ts';
import { postJson } from '../../executor/http.ts';
import { Link } from '../../executor/link.ts';
import { createLog } from '../../executor/log.ts';
import { Outbox } from '../../executor/outbox.ts';
import { runSession } from '../../executor/session.ts';
import type { StreamHandlers } from '../../executor/streams/stream.ts';
import { connectAudience, connectTokenLife } from '../../shared/protocol/enrolment.ts';
import { encodeFrame } from '../../shared/protocol/frames.ts';
import type { StatusEvent } from '../../shared/protocol/events.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { Hello } from '../../shared/protocol/messages.ts';
import { heldMemory } from '../support/held-memory.ts';
import { nonsense } from '../support/nonsense.ts';
import { makeHandlers, makeStreamHandlers } from '../support/handlers.ts';
import { eventually } from './host-fixture.ts';
import { openHub, type HubFixture } from './hub-fixture.ts';
import { makeId } from './spec.ts';

const serverId = makeId('server');
const hello: Hello = { type: 'hello', protocol: 1, version: '0.0.0', capabilities: ['logs'], engine: null, ingress: { scheme: 'http', port: 8080 }, deployments: [] };
const status = (at: number): StatusEvent => ({ kind: 'status', app: 'a', status: 'running', reason: null, at });

let hub: HubFixture;
let stop: AbortController;
let outbox: Outbox;
let logs: string[];

beforeEach(async () => {
  hub = await openHub(serverId);
  stop = new AbortController();
  outbox = new Outbox({ onOutcomeAcknowledged: () => undefined });
  logs = [];
});
afterEach(async () => {
  stop.abort();
  await hub.close();
});

function connect(change: { handlers?: Partial<Handlers>; streamHandlers?: Partial<StreamHandlers>; helloTimeout?: number; pingInterval?: number; silence?: number } = {}): Promise<void> {
  const { handlers, streamHandlers, ...timing } = change;
  const link = new Link({
    apiUrl: hub.url,
    connectToken: () => Promise.resolve('token'),
    hello: () => Promise.resolve(hello),
    handlers: makeHandlers({ logs: () => Promise.resolve({ lines: [] }), ...handlers }),
    streamHandlers: makeStreamHandlers(streamHandlers),
    outbox,
    onWelcome: () => undefined,
    clock: createClock(),
    log: createLog((line) => logs.push(line)),
    backoff: { next: () => 20 },
    session: (options) => runSession({ ...options, ...timing }),
  });
  return link.run(stop.signal);
}

const everything = { after: null, since: null, until: null, stream: null, search: null, deployment: null };
const logsCall = (id: string) => ({ type: 'call', id, method: 'logs', params: { app: 'a', tail: 1, filter: everything } });

describe('the link', () => {
  it('says hello, and sends nothing else before the welcome', async () => {
    hub.isWelcoming = false;
    outbox.push(status(1));
    void connect();
    const { received, send } = await hub.connection(0);
    send(logsCall('early'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toEqual([hello]);
    send({ type: 'welcome', protocol: 1, server: serverId, epoch: 1, report_interval: 30 });
    expect(await eventually(() => received[1])).toEqual({ type: 'event', seq: 1, event: status(1) });
  });

  it('comes back after every end, and sends again what was not acknowledged', async () => {
    void connect();
    const first = await hub.connection(0);
    for (const at of [1, 2, 3]) outbox.push(status(at));
    await eventually(() => (first.received.length === 4 ? true : undefined));
    first.send({ type: 'ack', seq: 2 });
    // Answered in order: the acknowledgement is through.
    first.send(logsCall('after'));
    await eventually(() => first.received.find((message) => message.type === 'ok'));
    first.socket.terminate();
    outbox.push(status(4));
    const second = await hub.connection(1);
    await eventually(() => (second.received.length === 3 ? true : undefined));
    expect(second.received.slice(1)).toEqual([{ type: 'event', seq: 1, event: status(3) }, { type: 'event', seq: 2, event: status(4) }]);
  });

  it('REL-02 gives up on a greeting that hangs, and dials again', async () => {
    hub.isWelcoming = false;
    void connect({ helloTimeout: 100 });
    await hub.connection(2);
    expect(logs.join()).toContain('no welcome in time');
  });

  it.each([2, 3])('REL-01 REL-22 drops a connection that shows no sign of life, with a hub of version %i', async (protocol) => {
    hub.protocol = protocol;
    void connect({ pingInterval: 50, silence: 300 });
    const first = await hub.connection(0);
    // Pings alone keep it: nothing else is said.
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(hub.connections).toHaveLength(1);
    expect(first.pings > 5).toBe(protocol >= 3);
    // A peer that is cut off silently neither answers nor closes.
    first.socket.pause();
    await hub.connection(1);
    expect(logs.join()).toContain('no sign of life for 0.3 s');
  });

  it('REL-01 notices a silent hub within 30 s, by the figures that are in use', () => {
    expect(limits.connectionSilence).toBeLessThanOrEqual(30_000);
    expect(limits.connectionSilence).toBeGreaterThanOrEqual(3 * limits.pingInterval);
  });

  it('REL-22 tells a hub of version 2 nothing that it would refuse the message for', async () => {
    hub.protocol = 2;
    outbox.push({ kind: 'report', at: 1, engine: 'unreachable', reason: 'connect ENOENT', apps: [] });
    void connect();
    const { received, socket } = await hub.connection(0);
    expect(await eventually(() => received[1])).toEqual({ type: 'event', seq: 1, event: { kind: 'report', at: 1, engine: 'unreachable', apps: [] } });
    hub.protocol = 3;
    socket.terminate();
    const second = await hub.connection(1);
    expect(await eventually(() => second.received[1])).toMatchObject({ event: { reason: 'connect ENOENT' } });
  });

  it('REL-03 stays away and says so when it is refused', async () => {
    hub.refusal = 403;
    void connect();
    const line = await eventually(() => logs.find((entry) => entry.includes('refuses this executor')));
    expect(JSON.parse(line)).toMatchObject({ level: 'error', reason: 'upgrade refused with 403' });
    hub.refusal = null;
    await hub.connection(0);
    expect(logs.filter((entry) => entry.includes('refuses this executor'))).toHaveLength(1);
  });

  it('answers a call on the connection that asked, while another call hangs', async () => {
    void connect({ handlers: { remove_app: () => new Promise(() => undefined) } });
    const { received, send } = await hub.connection(0);
    send({ type: 'call', id: 'hangs', method: 'remove_app', params: { app: 'a' } });
    send(logsCall('quick'));
    expect(await eventually(() => received.find((message) => message.type === 'ok'))).toEqual({ type: 'ok', id: 'quick', result: { lines: [] } });
  });

  it('carries streams beside calls', async () => {
    const gone = Promise.withResolvers<void>();
    void connect({
      streamHandlers: {
        exec: async (_params, stream) => {
          stream.signal.addEventListener('abort', () => gone.resolve());
          stream.onInput(async (bytes) => stream.write(Buffer.from(bytes.map((byte) => byte + 1))));
          return new Promise(() => undefined);
        },
      },
    });
    const { received, frames, send, socket } = await hub.connection(0);
    send({ type: 'open', stream: 9, kind: 'exec', params: { app: 'a', cmd: ['sh'], cols: 80, rows: 24, idle_timeout: 60 }, credit: 1_000 });
    await eventually(() => received.find((message) => message.type === 'opened'));
    socket.send(encodeFrame({ kind: 'data', stream: 9, bytes: Buffer.of(0, 127, 254) }));
    await eventually(() => (frames.length === 2 ? true : undefined));
    expect(frames).toContainEqual({ kind: 'data', stream: 9, bytes: Buffer.of(1, 128, 255) });
    expect(frames).toContainEqual({ kind: 'credit', stream: 9, bytes: 3 });
    socket.terminate();
    await gone.promise;
  });

  it('REL-05 answers a call while a stream floods a socket that nobody reads', async () => {
    const written = { bytes: 0 };
    void connect({
      streamHandlers: {
        exec: async (_params, stream) => {
          for (; !stream.signal.aborted; await stream.whenRoom()) {
            const bytes = new Uint8Array(Math.min(stream.room(), 65_536));
            stream.write(bytes);
            written.bytes += bytes.length;
          }
          return {};
        },
      },
    });
    const { received, send, socket } = await hub.connection(0);
    socket.pause();
    send({ type: 'open', stream: 1, kind: 'exec', params: { app: 'a', cmd: ['sh'], cols: 80, rows: 24, idle_timeout: 60 }, credit: 64 * 1024 * 1024 });
    let last = 0;
    await eventually(() => {
      const isStill = written.bytes > 0 && written.bytes === last;
      last = written.bytes;
      return isStill ? true : undefined;
    });
    expect(written.bytes).toBeLessThan(8 * 1024 * 1024);
    send(logsCall('through'));
    socket.resume();
    await eventually(() => received.find((message) => message.type === 'ok'));
    socket.terminate();
  });

  it('ends when it is told to', async () => {
    const running = connect();
    await hub.connection(0);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });

  it('ends within seconds also when the far end is silent', async () => {
    const running = connect();
    const { socket } = await hub.connection(0);
    socket.pause();
    stop.abort();
    const begun = Date.now();
    await running;
    expect(Date.now() - begun).toBeLessThan(4_000);
  });

  it('REL-05 after 100,000 malformed messages and frames it is there, answers a call, and holds no more memory than before', { timeout: 120_000 }, async () => {
    void connect();
    const { received, send, socket } = await hub.connection(0);
    const answered = (id: string) => eventually(() => received.find((message) => message.type === 'ok' && message.id === id));
    const shower = async (count: number) => {
      for (let i = 0; i < count; i++) {
        socket.send(nonsense[i % nonsense.length] ?? '');
        // The test shares its process with the executor: let it read.
        if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await shower(10_000);
    send(logsCall('before'));
    await answered('before');
    const before = heldMemory();
    await shower(90_000);
    send(logsCall('after'));
    await answered('after');
    // What the sockets of both ends still hold goes by itself; a leak would not.
    await expect.poll(() => heldMemory() - before, { timeout: 20_000 }).toBeLessThan(10 * 1024 * 1024);
    expect(hub.connections).toHaveLength(1);
    expect(logs.filter((line) => line.includes('message ignored')).length).toBeLessThan(10);
  });

  it('REL-05 a handler that breaks while a message is read costs that message, nothing else', async () => {
    void connect({
      handlers: {
        logs: () => {
          throw new TypeError('not even a promise');
        },
      },
    });
    const { received, send } = await hub.connection(0);
    send(logsCall('breaks'));
    expect(await eventually(() => received.find((message) => message.type === 'err'))).toMatchObject({ id: 'breaks', code: 'internal_error' });
    expect(hub.connections).toHaveLength(1);
  });
});

describe('SEC-17 the identity of an executor', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockup-identity-'));
  });
  afterEach(() => rm(dir, { recursive: true }));
  const enrolHere = (token: string | undefined) => enrol({ dir, apiUrl: hub.url, token, post: postJson });

  it('is enrolled once, and its private key never leaves the host', async () => {
    const identity = await enrolHere('dke_once');
    expect(identity.serverId).toBe(serverId);
    expect(hub.enrolments).toEqual([{ token: 'dke_once', public_key: { kty: 'OKP', crv: 'Ed25519', x: expect.any(String) } }]);
    expect((await stat(join(dir, 'identity.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dir, 'identity.json'), 'utf8')).not.toContain('dke_once');
    expect((await loadIdentity(dir))?.serverId).toBe(serverId);
  });

  it('is proven anew for each connection, with a token that lives a minute', async () => {
    await enrolHere('dke_once');
    const identity = await loadIdentity(dir);
    const [one, other] = [await identity?.connectToken(), await identity?.connectToken()];
    expect(one).not.toBe(other);
    const publicKey = await importJWK(hub.enrolments[0]?.public_key ?? {}, 'EdDSA');
    const { payload } = await jwtVerify(one ?? '', publicKey, { algorithms: ['EdDSA'], audience: connectAudience, subject: serverId });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(connectTokenLife);
  });

  it.each([
    ['there is no token', undefined, null, 'DOCKUP_ENROLMENT_TOKEN'],
    ['the token is refused', 'dke_used', 401, 'answered 401: The token is used.'],
  ])('says what to do when %s, and never the token', async (_name, token, refusal, expected) => {
    hub.refusal = refusal;
    const failure = await enrolHere(token).catch((error: Error) => error.message);
    expect(failure).toContain(expected);
    expect(failure).not.toContain('dke_used');
    expect(await loadIdentity(dir)).toBeNull();
  });
});
