/**
 * The executor's end of the link as the control plane sees it: a real key, a real token, a real socket. Only what stands behind the calls
 * is made up by the test.
 */
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { WebSocket } from 'ws';
import { createdServer } from '../../shared/api/servers.ts';
import { AppError } from '../../shared/errors.ts';
import type { Method, Params, Result } from '../../shared/protocol/calls.ts';
import { allCapabilities } from '../../shared/protocol/capabilities.ts';
import { connectAudience, connectPath, enrolPath, enrolResponse } from '../../shared/protocol/enrolment.ts';
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { parseHubMessage, pingText, pongText, protocolVersion, type ExecutorMessage, type Hello, type HubMessage } from '../../shared/protocol/messages.ts';
import type { Api } from './api.ts';
import { createStreams, type FakeStream, type OnOpen } from './fake-streams.ts';
import { within } from './within.ts';

/** What answers a call. Throwing an `AppError` answers `err` with its code; a promise that never settles is an executor that fell silent. */
export type Handlers = { [M in Method]?: (params: Params<M>, call: { pulse(): void }) => Result<M> | Promise<Result<M>> };

type Call = Extract<HubMessage, { type: 'call' }>;
type Welcome = Extract<HubMessage, { type: 'welcome' }>;

export interface Connection {
  welcome: Welcome;
  /** The calls of one method so far, oldest first. */
  calls<M extends Method>(method: M): (Omit<Call, 'params'> & { params: Params<M> })[];
  /** The streams that were opened, oldest first. */
  streams: readonly FakeStream[];
  /** Whatever the hub has sent, oldest first. */
  received: readonly HubMessage[];
  send(message: ExecutorMessage | string | Buffer): void;
  /** Sends an event; resolves when the hub has acknowledged it. */
  tell(event: ExecutorEvent, seq?: number): Promise<void>;
  /** Resolves with what `find` makes of the messages received, once that is something. */
  until<T>(find: (received: readonly HubMessage[]) => T | undefined): Promise<T>;
  readonly closed: Promise<{ code: number; reason: string }>;
  isOpen(): boolean;
  close(): Promise<void>;
  /** Cuts the connection without a word. */
  cut(): Promise<void>;
}

export interface FakeExecutor {
  serverId: string;
  connectToken(overrides?: TokenOverrides): Promise<string>;
  /** @param onOpen what happens when the hub opens a stream; unless told it is there at once */
  connect(handlers?: Handlers, hello?: Partial<Hello>, onOpen?: OnOpen): Promise<Connection>;
}

interface TokenOverrides {
  key?: CryptoKey;
  audience?: string;
  issuedAt?: number;
}

type Door = Pick<Api, 'request' | 'expect'> & { url: string };

/** Registers a server and enrols as its executor, as the documentation says. */
export async function enrolExecutor(api: Door, name = 'fake'): Promise<FakeExecutor> {
  const { enrolment_token: token } = await api.expect(201, createdServer, api.request('POST', '/api/v1/servers', { body: { name } }));
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { kty, crv, x } = await exportJWK(publicKey);
  const { server_id: serverId } = await api.expect(201, enrolResponse, api.request('POST', enrolPath, { token: null, body: { token, public_key: { kty, crv, x } } }));

  const connectToken = ({ key = privateKey, audience = connectAudience, issuedAt = Math.floor(Date.now() / 1000) }: TokenOverrides = {}) =>
    new SignJWT().setProtectedHeader({ alg: 'EdDSA' }).setSubject(serverId).setAudience(audience).setJti(crypto.randomUUID()).setIssuedAt(issuedAt).setExpirationTime(issuedAt + 60).sign(key);

  return {
    serverId,
    connectToken,
    connect: async (handlers = {}, hello = {}, onOpen = (stream) => stream.opened()) => {
      const answer = await dial(api.url, await connectToken());
      if (!(answer instanceof WebSocket)) throw new Error(`connect: ${answer.status} ${answer.body}`);
      return greet(answer, handlers, hello, onOpen);
    },
  };
}

/** The open socket, or the HTTP reply that refused it. */
export function dial(url: string, token: string): Promise<WebSocket | { status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws') + connectPath, { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

export const defaultHello: Hello = {
  type: 'hello',
  protocol: protocolVersion,
  version: '0.1.0',
  capabilities: allCapabilities,
  engine: { version: '20.10.24', api_version: '1.41', os: 'linux', arch: 'amd64', cpus: 2, memory: 4_294_967_296 },
  ingress: { scheme: 'http', port: 8080 },
  deployments: [],
};

async function greet(socket: WebSocket, handlers: Handlers, hello: Partial<Hello>, onOpen: OnOpen): Promise<Connection> {
  const received: HubMessage[] = [];
  const watchers = new Set<() => void>();
  let seq = 0;

  const send = (message: ExecutorMessage | string | Buffer) => socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  const until = <T>(find: (received: readonly HubMessage[]) => T | undefined): Promise<T> =>
    within(
      new Promise<T>((resolve) => {
        const look = () => {
          const found = find(received);
          if (found === undefined) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        look();
      }),
      15_000,
      () => `a message; received ${JSON.stringify(received.slice(-100))}`,
    );

  const closed = new Promise<{ code: number; reason: string }>((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  const streams = createStreams(send, onOpen);
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) streams.takeFrame(data);
    else takeMessage(data);
    for (const look of watchers) look();
  });

  const pings = setInterval(() => send(pingText), limits.pingInterval);
  socket.once('close', () => clearInterval(pings));

  function takeMessage(data: Buffer): void {
    if (data.toString() === pongText) return;
    const parsed = parseHubMessage(data.toString());
    if (!parsed.ok) throw new Error(`the hub sent what the protocol does not know: ${parsed.reason}`);
    received.push(parsed.message);
    streams.take(parsed.message);
    if (parsed.message.type === 'call') void answer(parsed.message, handlers, send);
  }

  send({ ...defaultHello, ...hello });
  return {
    welcome: await until((messages) => messages.find((message) => message.type === 'welcome')),
    received,
    streams: streams.all,
    // The hub types its calls by the method table; the schema of the message only knows that there are parameters.
    calls: (method) => received.filter((message) => message.type === 'call').filter((call) => call.method === method) as never,
    send,
    tell: async (event, number = seq + 1) => {
      seq = Math.max(seq, number);
      const acknowledged = received.filter((message) => message.type === 'ack' && message.seq === number).length;
      send({ type: 'event', seq: number, event });
      await until((messages) => messages.filter((message) => message.type === 'ack' && message.seq === number)[acknowledged]);
    },
    until,
    closed,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    close: async () => {
      socket.close();
      await closed;
    },
    cut: async () => {
      socket.terminate();
      await closed;
    },
  };
}

async function answer(call: Call, handlers: Handlers, send: (message: ExecutorMessage) => void): Promise<void> {
  // The table is typed by method; which one it is here only the message knows.
  const handler = handlers[call.method as Method] as ((params: unknown, call: { pulse(): void }) => unknown) | undefined;
  try {
    if (handler === undefined) throw new AppError('unsupported_command', { detail: `no handler for ${call.method}` });
    const result = await handler(call.params, { pulse: () => send({ type: 'pulse', id: call.id }) });
    send({ type: 'ok', id: call.id, result });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    send({ type: 'err', id: call.id, code: error.code, message: error.message });
  }
}
