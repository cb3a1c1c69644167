/**
 * The ends of this release against those of the one before (REL-22): a session of theirs, recorded from a real deploy, its logs, a terminal and more, is said again to each of ours; and what ours
 * say is read by the schemas by which theirs read.
 */
import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { allCapabilities } from '../../shared/protocol/capabilities.ts';
import { calls, isMethod, type Method } from '../../shared/protocol/calls.ts';
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import { decodeFrame, numberedSince } from '../../shared/protocol/frames.ts';
import { parseExecutorMessage, parseHubMessage, type ExecutorMessage, type HubMessage } from '../../shared/protocol/messages.ts';
import { isStreamKind, streamKinds } from '../../shared/protocol/streams.ts';
import { eventFor } from '../../shared/protocol/versions.ts';
import { Dispatch } from '../../executor/dispatch.ts';
import { createLog } from '../../executor/log.ts';
import { Streams } from '../../executor/streams/streams.ts';
import { Hub } from '../../worker/hub/hub.ts';
import { createSession, type HubSocket } from '../../worker/hub/socket.ts';
import { makeId, makeSpec } from '../executor/spec.ts';
import { readRecording, type Entry } from '../sessions/recording.ts';
import { defaultHello } from '../support/fake-executor.ts';
import { makeHandlers, makeStreamHandlers } from '../support/handlers.ts';

const recordings = await Promise.all([2, 3].map(readRecording));

describe.each(recordings)('version $protocol', ({ protocol, steps, schemas }) => {
  // Signs of life are texts of their own, the same in every version.
  const entries = steps.flatMap((step) => step.entries).filter((entry) => !('message' in entry && ['ping', 'pong'].includes(entry.message.type)));
  const said = <From extends Entry['from']>(from: From) => entries.flatMap((entry) => (entry.from === from && 'message' in entry ? [entry.message as From extends 'hub' ? HubMessage : ExecutorMessage] : []));
  const frames = (from: Entry['from']) => entries.flatMap((entry) => (entry.from === from && 'frame' in entry ? [Buffer.from(entry.frame, 'hex')] : []));

  /** What an end of that version makes of it: refuses what it does not know. */
  const readBy = (schema: Parameters<typeof z.fromJSONSchema>[0]) => {
    const reader = z.fromJSONSchema(schema);
    return (value: unknown) => reader.safeParse(JSON.parse(JSON.stringify(value))).error?.issues ?? [];
  };

  /** Calls and streams whose handler of this release would refuse what it is asked. */
  function misreadParams(message: HubMessage): string[] {
    if (message.type === 'call') return isMethod(message.method) && calls[message.method].params.safeParse(message.params).success ? [] : [message.method];
    if (message.type === 'open') return isStreamKind(message.kind) && streamKinds[message.kind].params.safeParse(message.params).success ? [] : [message.kind];
    return [];
  }

  test('the session holds all of it', () => {
    expect(new Set(said('hub').map(({ type }) => type))).toEqual(new Set(['welcome', 'call', 'ack', 'open', 'close', 'cancel', 'resize']));
    expect(said('hub').flatMap((message) => (message.type === 'call' ? [message.method] : []))).toEqual(expect.arrayContaining(['deploy', 'logs', 'exec', 'stats', 'act', 'remove_app']));
  });

  describe('REL-22 a hub of that version and the executor of this release', () => {
    test('every message is read, every call and stream as its handler expects it', () => {
      for (const message of said('hub')) expect(parseHubMessage(JSON.stringify(message))).toEqual({ ok: true, message });
      expect(said('hub').flatMap(misreadParams)).toEqual([]);
      expect(frames('hub').filter((frame) => decodeFrame(frame) === null)).toEqual([]);
    });

    test('said again, each call is answered and each stream told of, in words that such a hub reads', async () => {
      const sent: ExecutorMessage[] = [];
      const sentFrames: Uint8Array[] = [];
      const send = (message: ExecutorMessage) => void sent.push(message);
      const log = createLog(() => undefined);
      const dispatch = new Dispatch({ handlers: makeHandlers({ deploy: async () => ({ accepted: true }), logs: async () => ({ lines: [] }) }), send, log });
      const streams = new Streams({
        protocol,
        log,
        carrier: { send, sendFrame: (frame) => void sentFrames.push(frame), backlog: () => 0 },
        handlers: makeStreamHandlers({ logs: async (_params, stream) => {
            stream.write(Buffer.from('{}\n'));
            return {};
          } }),
      });
      for (const entry of entries.filter(({ from }) => from === 'hub')) {
        if ('frame' in entry) streams.receive(Buffer.from(entry.frame, 'hex'));
        else if (entry.message.type === 'call') await dispatch.call(entry.message);
        else if (entry.message.type === 'open' || entry.message.type === 'close' || entry.message.type === 'resize') streams.take(entry.message);
        // What an opened stream has to say at once.
        await settled();
      }
      await streams.end();
      const issues = readBy(schemas.executor);
      expect(sent.flatMap((message) => issues(message))).toEqual([]);
      const asked = said('hub').flatMap((message) => (message.type === 'call' ? [message.id] : []));
      expect(sent.flatMap((message) => (message.type === 'ok' || message.type === 'err' ? [message.id] : []))).toEqual(asked);
      // Of the format that it knows: before version 3 without numbers.
      expect(sentFrames.length).toBeGreaterThan(0);
      expect(sentFrames.filter((frame) => (frame[0] ?? 0) >> 4 !== (protocol >= numberedSince ? 2 : 1))).toEqual([]);
    });

    test('hello and events are what such a hub reads; an event that it does not know is not sent', () => {
      const issues = readBy(schemas.executor);
      expect(issues({ ...defaultHello, capabilities: allCapabilities })).toEqual([]);
      const at = Date.now();
      const events: ExecutorEvent[] = [
        { kind: 'report', at, engine: 'unreachable', apps: [], reason: 'it hangs' },
        { kind: 'disk', at, disks: [] },
        { kind: 'oom', app: makeSpec().app, deployment: makeId('deployment'), at },
      ];
      const sent = events.map((event, index) => eventFor(protocol, { type: 'event', seq: index + 1, event }));
      expect(sent.map((message) => message?.event.kind)).toEqual(['report', protocol < 3 ? undefined : 'disk', 'oom']);
      expect(sent.flatMap((message) => (message === null ? [] : issues(message)))).toEqual([]);
    });
  });

  describe('REL-22 an executor of that version and the hub of this release', () => {
    test('every message is read, every answer as its caller expects it', () => {
      const methods = new Map(said('hub').flatMap((message) => (message.type === 'call' ? [[message.id, message.method as Method] as const] : [])));
      for (const message of said('executor')) expect(parseExecutorMessage(JSON.stringify(message))).toEqual({ ok: true, message });
      const misread = said('executor').flatMap((message) => {
        const method = message.type === 'ok' ? methods.get(message.id) : undefined;
        return message.type === 'ok' && (method === undefined || !calls[method].result.safeParse(message.result).success) ? [method] : [];
      });
      expect(misread).toEqual([]);
      expect(frames('executor').filter((frame) => decodeFrame(frame) === null)).toEqual([]);
    });

    test('said again, every event is taken in and acknowledged, and all that the hub says is what such an executor reads', async () => {
      const sent: HubMessage[] = [];
      const closed: string[] = [];
      const facts: string[] = [];
      const note = (fact: string) => async () => void facts.push(fact);
      const socket: HubSocket = {
        session: createSession('srv_1', 1),
        remember: () => undefined,
        send: (message) => void (typeof message === 'string' && sent.push(JSON.parse(message) as HubMessage)),
        close: (_code, reason) => void closed.push(reason),
      };
      const ingest = { connected: note('connected'), disconnected: note('disconnected'), event: async (_server: string, _epoch: number, event: ExecutorEvent) => note(event.kind)(), refusalOf: async () => null };
      const history = { put: note('usage'), read: async () => [], drop: async () => undefined };
      const hub = new Hub('srv_1', { ingest, history, log: { info: () => undefined, error: (message) => void closed.push(message) } });
      hub.open(socket);
      for (const entry of entries.filter(({ from }) => from === 'executor')) {
        if ('frame' in entry) hub.receiveFrame(socket, Buffer.from(entry.frame, 'hex'));
        else hub.receive(socket, JSON.stringify(entry.message));
      }
      const told = said('executor').flatMap((message) => (message.type === 'event' ? [message.seq] : []));
      await expect.poll(() => sent.flatMap((message) => (message.type === 'ack' ? [message.seq] : []))).toEqual(told);
      expect({ closed, first: sent[0], isConnected: hub.presence().isConnected }).toMatchObject({ closed: [], first: { type: 'welcome', protocol }, isConnected: true });
      expect(facts).toEqual(expect.arrayContaining(['connected', 'deployment', 'status']));
      const issues = readBy(schemas.hub);
      expect(sent.flatMap((message) => issues(message))).toEqual([]);
    });

    test('what it is asked for it reads, and published ports, which version 2 does not know, are left out where there are none', () => {
      const spec = makeSpec();
      const read = (method: string) => readBy(schemas.calls[method]?.params ?? false);
      expect(read('deploy')({ deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0', spec })).toEqual([]);
      expect(read('deploy')({ deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0', spec: { ...spec, published_ports: [] } }).length > 0).toBe(protocol < 3);
      expect(read('exec')({ app: spec.app, cmd: ['ls'], stdin: null, timeout: 60 })).toEqual([]);
    });

    test('a method that it has not named is refused before anything is sent', async () => {
      const sent: string[] = [];
      const socket: HubSocket = { session: createSession('srv_1', 1), remember: () => undefined, send: (message) => void sent.push(String(message)), close: () => undefined };
      const silent = async () => undefined;
      const hub = new Hub('srv_1', { ingest: { connected: silent, disconnected: silent, event: silent, refusalOf: async () => null }, history: { put: silent, read: async () => [], drop: silent }, log: { info: () => undefined, error: () => undefined } });
      hub.open(socket);
      hub.receive(socket, JSON.stringify({ ...defaultHello, protocol, capabilities: ['deploy'] }));
      const before = sent.length;
      expect(await hub.call('stats', { app: makeSpec().app })).toMatchObject({ ok: false, code: new AppError('unsupported_command').code });
      expect(sent.length).toBe(before);
    });
  });
});
