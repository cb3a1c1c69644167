import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { allCapabilities } from '../../shared/protocol/capabilities.ts';
import { pingText, pongText, protocolVersion, type Hello, type HubMessage } from '../../shared/protocol/messages.ts';
import { closeCodes, limits } from '../../shared/protocol/limits.ts';
import type { Absence, Ingest } from '../services/ingest.ts';
import type { UsageHistory } from '../services/ports.ts';
import { Hub } from './hub.ts';
import { createSession, type HubSocket } from './socket.ts';

const engine = { version: '20.10.24', api_version: '1.41', os: 'linux', arch: 'amd64', cpus: 2, memory: 4_294_967_296 };
const greeting: Hello = { type: 'hello', protocol: protocolVersion, version: '0.1.0', capabilities: allCapabilities, engine, ingress: { scheme: 'http', port: 80 }, deployments: [] };
const report = (seq: number, status = 'running') => `{"type":"event","seq":${seq},"event":{"kind":"report","at":1,"engine":"reachable","apps":[{"app":"app_1","status":"${status}","cpu":1,"memory":2}]}}`;

const filter = { after: null, since: null, until: null, stream: null, search: null, deployment: null };

/** The far end of a socket: keeps what it is sent. */
function fakeSocket(epoch: number) {
  const sent: HubMessage[] = [];
  /** To pings. */
  const answers: string[] = [];
  const closed: [code: number, reason: string][] = [];
  const socket: HubSocket = {
    session: createSession('srv_1', epoch),
    remember: () => {},
    send: (message) => (message === pongText ? answers.push(message) : sent.push(JSON.parse(String(message)) as HubMessage)),
    close: (code, reason) => closed.push([code, reason]),
  };
  return { socket, sent, answers, closed };
}

describe('the hub', () => {
  const facts: string[] = [];
  const errors: string[] = [];
  const absences: Absence[] = [];
  let ports: () => ConstructorParameters<typeof Hub>[1];
  let takeIn: () => Promise<void>;
  let hub: Hub;

  beforeEach(() => {
    vi.useFakeTimers();
    facts.length = errors.length = absences.length = 0;
    takeIn = async () => {};
    const note = (fact: string) => async () => {
      await takeIn();
      facts.push(fact);
    };
    const ingest: Ingest = {
      connected: note('connected'),
      disconnected: async (_server, _epoch, absence) => {
        await note('disconnected')();
        absences.push(absence);
      },
      event: (_server, _epoch, event) => note(event.kind)(), refusalOf: async () => null,
    };
    const history: UsageHistory = { put: (_server, minute) => note(`usage of ${minute}`)(), read: async () => [], drop: async () => {} };
    ports = () => ({ ingest, history, log: { info: () => {}, error: (message) => errors.push(message) } });
    hub = new Hub('srv_1', ports());
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const open = (epoch = 1, hello: Partial<Hello> = {}) => {
    const end = fakeSocket(epoch);
    hub.open(end.socket);
    hub.receive(end.socket, JSON.stringify({ ...greeting, ...hello }));
    return end;
  };

  test('closes a connection that does not say hello in 10 s', () => {
    const { socket, closed } = fakeSocket(1);
    hub.open(socket);
    vi.advanceTimersByTime(limits.helloTimeout - 1);
    expect(closed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(closed).toEqual([[closeCodes.protocolError, 'no hello']]);
  });

  test('keeps no timer once a connection has said hello and no call is open: the object can hibernate', async () => {
    const { closed } = open();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(10 * limits.helloTimeout);
    expect(closed).toEqual([]);
  });

  test('a call pulses for an hour and is answered', async () => {
    const { socket, sent } = open();
    const outcome = hub.call('logs', { app: 'app_1', tail: 1, filter });
    const call = sent.find((message) => message.type === 'call');
    for (let passed = 0; passed < 3_600_000; passed += limits.pulseInterval) {
      vi.advanceTimersByTime(limits.pulseInterval);
      hub.receive(socket, JSON.stringify({ type: 'pulse', id: call?.id }));
    }
    hub.receive(socket, JSON.stringify({ type: 'ok', id: call?.id, result: { lines: [] } }));
    expect(await outcome).toEqual({ ok: true, result: { lines: [] } });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a call is lost after 10 s of silence, and a late answer changes nothing', async () => {
    const { socket, sent } = open();
    const outcome = hub.call('logs', { app: 'app_1', tail: 1, filter });
    vi.advanceTimersByTime(limits.callSilence);
    expect(await outcome).toMatchObject({ ok: false, code: 'executor_lost' });
    hub.receive(socket, JSON.stringify({ type: 'ok', id: sent.find((message) => message.type === 'call')?.id, result: { lines: [] } }));
    expect(errors).toEqual([]);
  });

  test('a caller that no longer waits: the executor is told, once, and the call is settled', async () => {
    const { socket, sent } = open();
    const caller = new AbortController();
    const outcome = hub.call('logs', { app: 'app_1', tail: 1, filter }, caller.signal);
    caller.abort(new AppError('upload_interrupted', { detail: 'The body broke.' }));
    expect(await outcome).toEqual({ ok: false, code: 'upload_interrupted', message: 'The body broke.' });
    const call = sent.find((message) => message.type === 'call');
    expect(sent.slice(1)).toEqual([call, { type: 'cancel', id: call?.id }]);
    hub.receive(socket, JSON.stringify({ type: 'ok', id: call?.id, result: { lines: [] } }));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a caller that had stopped waiting before sends nothing; one that stops after the answer neither', async () => {
    const { socket, sent } = open();
    expect(await hub.call('logs', { app: 'app_1', tail: 1, filter }, AbortSignal.abort())).toMatchObject({ ok: false, code: 'deadline_exceeded' });
    expect(sent.map(({ type }) => type)).toEqual(['welcome']);
    const caller = new AbortController();
    const outcome = hub.call('logs', { app: 'app_1', tail: 1, filter }, caller.signal);
    hub.receive(socket, JSON.stringify({ type: 'ok', id: sent.find((message) => message.type === 'call')?.id, result: { lines: [] } }));
    expect(await outcome).toMatchObject({ ok: true });
    caller.abort();
    expect(sent.map(({ type }) => type)).toEqual(['welcome', 'call']);
  });

  test('REL-04 a connection with an older epoch than the one that is open is closed, not the other', () => {
    const newer = open(2);
    const { socket, closed } = fakeSocket(1);
    hub.open(socket);
    expect(closed).toEqual([[closeCodes.superseded, 'a newer connection is open']]);
    expect(newer.closed).toEqual([]);
    expect(hub.presence().isConnected).toBe(true);
  });

  test('SEC-17 a connection that is cut off is over at once, whatever still comes over it', async () => {
    const { socket, closed } = open();
    hub.disconnect(closeCodes.revoked, 'revoked');
    hub.receive(socket, report(1));
    await vi.advanceTimersByTimeAsync(0);
    expect([closed, facts, hub.presence().isConnected]).toEqual([[[closeCodes.revoked, 'revoked']], ['disconnected'], false]);
  });

  test('REL-04 a connection that took over and ends before hello has ended the server being online', async () => {
    open(1);
    const { socket } = fakeSocket(2);
    hub.open(socket);
    hub.closed(socket, 'connection closed with 1006');
    await vi.advanceTimersByTimeAsync(0);
    expect(facts).toEqual(['disconnected']);
  });

  test('REL-05 a call longer than the executor accepts is refused here, and never sent', async () => {
    const { sent } = open();
    const outcome = await hub.call('logs', { app: 'x'.repeat(limits.messageLength), tail: 1, filter });
    expect(outcome).toMatchObject({ ok: false, code: 'payload_too_large' });
    expect(sent.map(({ type }) => type)).toEqual(['welcome']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('REL-22 a method that is newer than the executor is refused here, naming the version it needs, and never sent', async () => {
    const { sent } = open(1, { protocol: 1 });
    for (const outcome of [hub.call('logs', { app: 'app_1', tail: 1, filter }), hub.call('remove_app', { app: 'app_1', volumes: [] }), hub.call('stats', { app: 'app_1' })]) {
      expect(await outcome).toMatchObject({ ok: false, code: 'unsupported_command', message: expect.stringContaining('version 2 of the protocol') });
    }
    expect(sent.map(({ type }) => type)).toEqual(['welcome']);
  });

  test('REL-22 a method that an executor does not name in its hello is refused here, with the minimum version, and never sent', async () => {
    const { sent } = open(1, { capabilities: allCapabilities.filter((name) => name !== 'exec') });
    const outcome = await hub.call('exec', { app: 'app_1', cmd: ['true'], stdin: null, timeout: 1 });
    expect(outcome).toEqual({ ok: false, code: 'unsupported_command', message: 'The executor does not have exec, and exec needs version 2 of the protocol: upgrade the executor.', minimum: 2 });
    expect(sent.map(({ type }) => type)).toEqual(['welcome']);
  });

  test('REL-22 what the executor itself does not know is told with the minimum version it names', async () => {
    const { socket, sent } = open();
    const outcome = hub.call('stats', { app: 'app_1' });
    const call = sent.find((message) => message.type === 'call');
    hub.receive(socket, JSON.stringify({ type: 'err', id: call?.id, code: 'unsupported_command', message: 'unknown', minimum: 9 }));
    expect(await outcome).toEqual({ ok: false, code: 'unsupported_command', message: 'unknown', minimum: 9 });
  });

  test('REL-22 a later version may say more in its hello: it is welcomed all the same', () => {
    const { sent } = open(1, { protocol: protocolVersion + 1, colour: 'green' } as Partial<Hello>);
    expect(sent).toMatchObject([{ type: 'welcome', protocol: protocolVersion }]);
  });

  test('REL-22 what an executor of an earlier protocol knows is sent to it', async () => {
    const { socket, sent } = open(1, { protocol: 1 });
    const outcome = hub.call('cancel_deploy', { deployment: 'dep_1' });
    const call = sent.find((message) => message.type === 'call');
    hub.receive(socket, JSON.stringify({ type: 'ok', id: call?.id, result: { cancelled: true } }));
    expect(await outcome).toEqual({ ok: true, result: { cancelled: true } });
  });

  describe('REL-01 a connection that is cut without a word', () => {
    test('is noticed when somebody asks, 24 s after its last sign of life: offline since then, and told once', async () => {
      const { socket, closed } = open();
      const connectedAt = Date.now();
      await vi.advanceTimersByTimeAsync(0);
      vi.advanceTimersByTime(limits.connectionSilence - 1);
      expect(hub.presence()).toMatchObject({ isConnected: true, status: 'online' });
      vi.advanceTimersByTime(1);
      const gone = { isConnected: false, status: 'offline', since: connectedAt, reason: 'no sign of life for 24 s' };
      expect(hub.presence()).toMatchObject(gone);
      expect(closed).toEqual([[closeCodes.silent, 'no sign of life for 24 s']]);
      hub.closed(socket, 'connection closed with 1006');
      vi.advanceTimersByTime(60_000);
      expect(hub.presence()).toMatchObject(gone);
      await vi.advanceTimersByTimeAsync(0);
      expect(facts).toEqual(['connected', 'disconnected']);
      expect(absences).toEqual([{ since: connectedAt, reason: 'no sign of life for 24 s' }]);
    });

    test('is asked for nothing any more: a call is executor_offline at once, and what it still says does not count', async () => {
      const { socket, sent } = open();
      await vi.advanceTimersByTimeAsync(limits.connectionSilence);
      expect(await hub.call('stats', { app: 'app_1' })).toMatchObject({ ok: false, code: 'executor_offline' });
      hub.receive(socket, report(1));
      await vi.advanceTimersByTimeAsync(0);
      expect(sent.map(({ type }) => type)).toEqual(['welcome']);
      expect(facts).toEqual(['connected', 'disconnected']);
    });

    test('needs no timer to be noticed', async () => {
      open();
      await vi.advanceTimersByTimeAsync(0);
      expect(vi.getTimerCount()).toBe(0);
    });

    test('a ping is a sign of life and is answered, also where the host does so by itself', () => {
      const { socket, answers } = open();
      let lastPing = 0;
      socket.lastPing = () => lastPing;
      for (let i = 0; i < 10; i++) {
        vi.advanceTimersByTime(limits.connectionSilence - 1);
        if (i % 2 === 0) hub.receive(socket, pingText);
        else lastPing = Date.now();
        expect(hub.presence().isConnected).toBe(true);
      }
      expect(answers).toEqual(Array.from({ length: 5 }, () => pongText));
      expect(errors).toEqual([]);
    });

    test('REL-22 of an executor before version 3, whose pings the edge does not see, is noticed when two reports are missed', () => {
      open(1, { protocol: 2 });
      vi.advanceTimersByTime(limits.earlierSilence - 1);
      expect(hub.presence().isConnected).toBe(true);
      vi.advanceTimersByTime(1);
      expect(hub.presence().isConnected).toBe(false);
    });

    test('is not taken up again by a hub that slept, though its socket is still listed', () => {
      const { socket } = open();
      vi.advanceTimersByTime(limits.connectionSilence);
      hub.notice();
      const next = new Hub('srv_1', ports());
      next.adopt(socket);
      expect(next.presence()).toMatchObject({ isConnected: false, epoch: null });
    });
  });

  describe('REL-01 what a server is', () => {
    const tell = (socket: HubSocket, seq: number, engine: object) => hub.receive(socket, JSON.stringify({ type: 'event', seq, event: { kind: 'report', at: seq, apps: [], ...engine } }));

    test('is degraded while the socket is up and Docker does not answer, with since when and why', async () => {
      const { socket } = open();
      const onlineSince = Date.now();
      expect(hub.presence()).toMatchObject({ isConnected: true, status: 'online', since: onlineSince, reason: null });
      vi.advanceTimersByTime(1_000);
      for (const seq of [1, 2, 3]) {
        tell(socket, seq, { engine: 'unreachable', reason: 'list containers: the Docker engine does not answer (ENOENT)' });
        await vi.advanceTimersByTimeAsync(1_000);
      }
      expect(hub.presence()).toMatchObject({ isConnected: true, status: 'degraded', since: onlineSince + 1_000, reason: 'list containers: the Docker engine does not answer (ENOENT)' });
      tell(socket, 4, { engine: 'reachable' });
      await vi.advanceTimersByTimeAsync(0);
      expect(hub.presence()).toMatchObject({ status: 'online', since: onlineSince + 4_000, reason: null });
      expect(facts).toEqual(['connected', 'report', 'report']);
    });

    test('is never online by the socket alone: a hello without an engine is degraded', () => {
      open(1, { engine: null });
      expect(hub.presence()).toMatchObject({ isConnected: true, status: 'degraded', reason: 'the Docker engine does not answer' });
    });
  });

  test('a fact that cannot be taken in is not acknowledged: the connection ends, and the executor tells it again', async () => {
    const { socket, sent, closed } = open();
    await vi.advanceTimersByTimeAsync(0);
    takeIn = () => Promise.reject(new Error('the database is away'));
    hub.receive(socket, report(1));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.filter((message) => message.type === 'ack')).toEqual([]);
    expect(closed).toEqual([[closeCodes.unavailable, 'try again']]);
    expect(hub.presence().isConnected).toBe(false);
  });

  test.each([
    ['lost', [1, 3]],
    ['overtaken by the next one', [2, 1]],
  ])('REL-27 an event that is %s is never acknowledged by the one after it: the connection ends, and the executor tells both again', async (_how, order) => {
    const { socket, sent, closed } = open(1, { protocol: 3 });
    for (const seq of order) hub.receive(socket, report(seq, `${seq === 1 ? 'running' : 'paused'}`));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.filter((message) => message.type === 'ack').map(({ seq }) => seq)).toEqual(order[0] === 1 ? [1] : []);
    expect(closed).toEqual([[closeCodes.unavailable, 'try again']]);
  });

  test('REL-27 an event that comes twice is taken in once and acknowledged twice; so is a hello, without starting anew', async () => {
    const { socket, sent, closed } = open(1, { protocol: 3 });
    for (const seq of [1, 1]) hub.receive(socket, report(seq));
    hub.receive(socket, JSON.stringify(greeting));
    hub.receive(socket, report(2, 'paused'));
    await vi.advanceTimersByTimeAsync(0);
    expect(facts).toEqual(['connected', 'report', 'report']);
    expect(sent.map((message) => (message.type === 'ack' ? message.seq : message.type))).toEqual(['welcome', 'welcome', 1, 1, 2]);
    expect(closed).toEqual([]);
  });

  test('REL-05 an event that is none of the protocol is dropped and acknowledged: it would come again for ever', async () => {
    const { socket, sent, closed } = open(1, { protocol: 3 });
    for (const message of [report(1), report(2, 'on fire'), report(3, 'paused')]) hub.receive(socket, message);
    await vi.advanceTimersByTimeAsync(0);
    expect(facts).toEqual(['connected', 'report', 'report']);
    expect(sent.map((message) => (message.type === 'ack' ? message.seq : message.type))).toEqual(['welcome', 1, 2, 3]);
    expect({ errors, closed }).toEqual({ errors: ['drop message'], closed: [] });
  });

  test('REL-22 an executor of version 2 leaves gaps where it dropped what nobody needs', async () => {
    const { socket, sent, closed } = open(1, { protocol: 2 });
    for (const seq of [4, 9]) hub.receive(socket, report(seq));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.flatMap((message) => (message.type === 'ack' ? [message.seq] : []))).toEqual([4, 9]);
    expect(closed).toEqual([]);
  });

  test('a report that tells nothing new is acknowledged without touching the database', async () => {
    const { socket, sent } = open();
    for (const [i, status] of ['running', 'running', 'running', 'paused', 'paused'].entries()) hub.receive(socket, report(i + 1, status));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.filter((message) => message.type === 'ack').map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(facts).toEqual(['connected', 'report', 'report']);
  });

  test('REL-21 after a transition the next report is taken in, also when it looks like the one before', async () => {
    const { socket } = open();
    const transition = '{"type":"event","seq":2,"event":{"kind":"status","app":"app_2","status":"starting","reason":null,"at":2}}';
    for (const message of [report(1), transition, report(3), report(4)]) hub.receive(socket, message);
    await vi.advanceTimersByTimeAsync(0);
    expect(facts).toEqual(['connected', 'report', 'status', 'report']);
  });

  test('the usage of a minute goes to the history, and is acknowledged when it is there', async () => {
    const { socket, sent } = open();
    const usage = (seq: number) => JSON.stringify({ type: 'event', seq, event: { kind: 'usage', minute: 29_656_560, apps: [] } });
    hub.receive(socket, usage(1));
    await vi.advanceTimersByTimeAsync(0);
    expect(facts).toEqual(['connected', 'usage of 29656560']);
    expect(sent.filter((message) => message.type === 'ack')).toEqual([{ type: 'ack', seq: 1 }]);
    takeIn = () => Promise.reject(new Error('the disk is full'));
    hub.receive(socket, usage(2));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.filter((message) => message.type === 'ack')).toHaveLength(1);
  });

  test('a flood of nonsense is a handful of log lines', () => {
    const { socket } = open();
    for (let i = 0; i < 10_000; i++) hub.receive(socket, '{}');
    expect(errors).toEqual(Array.from({ length: 5 }, () => 'drop message'));
  });

  test('whoever waits for a deployment is woken by its end, or by the clock', async () => {
    const { socket } = open();
    const woken: string[] = [];
    void hub.settled('dep_1', 5_000).then(() => woken.push('dep_1'));
    void hub.settled('dep_2', 5_000).then(() => woken.push('dep_2'));
    hub.receive(socket, '{"type":"event","seq":1,"event":{"kind":"deployment","deployment":"dep_1","app":"app_1","status":"succeeded","phase":"done","at":1,"image_id":null,"failure":null}}');
    await vi.advanceTimersByTimeAsync(0);
    expect(woken).toEqual(['dep_1']);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(woken).toEqual(['dep_1', 'dep_2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('REL-04 a flapping executor leaves nothing behind', async () => {
    for (let epoch = 1; epoch <= 50; epoch++) open(epoch);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(facts.filter((fact) => fact === 'connected')).toHaveLength(1);
  });
});
