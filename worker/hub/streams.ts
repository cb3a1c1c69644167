/**
 * Which client is connected with which stream of the executor. Frames are passed on without being looked into. What is needed to go on
 * after hibernation is in the clients' sessions: the map is made from them again.
 */
import { AppError } from '../../shared/errors.ts';
import { logEndCapability, streamCapability } from '../../shared/protocol/capabilities.ts';
import type { DeploymentEvent } from '../../shared/protocol/events.ts';
import { decodeFrame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { ExecutorMessage, StreamEnd } from '../../shared/protocol/messages.ts';
import { streamKinds } from '../../shared/protocol/streams.ts';
import { toEndLine, toPhaseLine } from '../services/deployment-log.ts';
import type { DeploymentEnd, FollowedDeployment, StreamHolder } from '../services/ports.ts';
import { ClientStream, type Link } from './client-stream.ts';
import type { ClientSession, ClientSocket, Session } from './socket.ts';

/** Deployments whose end is kept, for streams that are being opened right then. */
const keptEnds = 1_000;

/** ms within which somebody whose right was looked at before it was lost may open a stream. */
const openingTime = 10_000;

interface HubLink extends Link {
  /** Of the connection to the executor, once it has said hello. */
  session(): Session | undefined;
  /** Why a stream of an app is no longer theirs. */
  refusalOf(holder: StreamHolder, app: string): Promise<StreamEnd | null>;
}

export class Streams {
  readonly #link: HubLink;
  readonly #streams = new Map<number, ClientStream>();
  /** By deployment, or by app where that is gone; the oldest first. */
  readonly #ends = new Map<string, DeploymentEnd>();
  /** When somebody has last lost a right, in ms since the epoch. */
  #rightsLost = 0;

  constructor(link: HubLink) {
    this.#link = link;
  }

  /** Connects a client, or ends its socket with the reason why not. */
  open(socket: ClientSocket, params: unknown): void {
    const { stream, kind } = socket.session;
    const refusal = this.#refusalOf(socket.session);
    if (refusal !== undefined) return socket.end(refusal);
    const opened = new ClientStream(socket, this.#link);
    this.#streams.set(stream, opened);
    socket.remember();
    this.#link.tell({ type: 'open', stream, kind, params, credit: limits.streamWindow });
    this.#try(opened, () => this.#begin(opened));
    // It is looked at once more; what fails here leaves a stream that was granted.
    if (Date.now() - this.#rightsLost < openingTime) void this.#endLost([opened]).catch(() => undefined);
  }

  /** A client that was connected before hibernation. */
  adopt(socket: ClientSocket): void {
    const { stream } = socket.session;
    if (this.#streams.has(stream)) return;
    if (this.#link.session() === undefined) return socket.end(lost('The connection to the executor broke.'));
    const adopted = new ClientStream(socket, this.#link);
    this.#streams.set(stream, adopted);
    adopted.settle();
  }

  /** A message of a client. */
  receive({ session }: ClientSocket, data: string | Uint8Array): void {
    const stream = this.#streams.get(session.stream);
    if (stream !== undefined) this.#try(stream, () => stream.receive(data));
  }

  /** A client is gone: the executor stops. */
  closed({ session }: ClientSocket): void {
    if (this.#forget(session.stream)) this.#link.tell({ type: 'close', stream: session.stream });
  }

  /** What the executor says of a stream. One that nobody reads any more is told so, that nothing runs on for nobody. */
  take(message: Extract<ExecutorMessage, { type: 'opened' | 'close' }>): void {
    const stream = this.#streams.get(message.stream);
    if (message.type === 'opened') {
      if (stream === undefined) return this.#link.tell({ type: 'close', stream: message.stream });
      stream.socket.opened?.();
      return stream.allow(message.credit);
    }
    const { type: _type, stream: id, ...end } = message;
    if (stream?.socket.session.deployment?.isTold && (end.code === undefined || end.code === 'app_not_deployed')) return this.#drained(stream);
    this.#forget(id);
    stream?.socket.end(end);
  }

  /** Ends those that are no longer their holders', of this user or with null of anybody. A stream of which that cannot be told goes on. */
  async lookAtRights(userId: string | null): Promise<void> {
    this.#rightsLost = Date.now();
    await this.#endLost([...this.#streams.values()].filter(({ socket: { session } }) => userId === null || session.holder?.userId === userId));
  }

  /** A deployment does something else than before. */
  tellPhase({ deployment, phase, at }: DeploymentEvent): void {
    for (const stream of this.#streams.values()) {
      const { deployment: followed } = stream.socket.session;
      if (followed?.id !== deployment || !followed.isTold || followed.end !== null || followed.phase === phase) continue;
      followed.phase = phase;
      stream.socket.remember();
      this.#try(stream, () => stream.say(toPhaseLine(phase, at)));
    }
  }

  /** A deployment has ended, and whoever follows its log alone has only to hear what was written until then. */
  conclude(end: DeploymentEnd): void {
    this.#keep(end);
    for (const stream of this.#streams.values()) {
      const { app, deployment } = stream.socket.session;
      if (deployment !== null && (end.deployment === null ? app === end.app : deployment.id === end.deployment)) this.#try(stream, () => this.#conclude(stream, end));
    }
  }

  /** A frame of the executor. False when it is none. */
  frame(encoded: Uint8Array): boolean {
    const frame = decodeFrame(encoded);
    if (frame === null || (frame.kind === 'data' && frame.bytes.length > limits.streamFrame)) return false;
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) this.#link.tell({ type: 'close', stream: frame.stream });
    else if (frame.kind === 'data') this.#try(stream, () => stream.deliver(frame));
    else if (frame.kind === 'mark') this.#try(stream, () => stream.expect(frame));
    else if (frame.kind === 'credit') stream.allow(frame.bytes);
    return true;
  }

  /** The link is gone, and with it every stream. */
  lose(message: string): void {
    for (const { socket } of this.#streams.values()) {
      this.#forget(socket.session.stream);
      socket.end(lost(message));
    }
  }

  async #endLost(streams: readonly ClientStream[]): Promise<void> {
    const asked = new Map<string, Promise<StreamEnd | null>>();
    await Promise.all(
      streams.map(async (stream) => {
        const { holder, app, stream: id } = stream.socket.session;
        if (holder === null) return;
        const key = JSON.stringify([app, holder]);
        const asking = asked.get(key) ?? this.#link.refusalOf(holder, app);
        asked.set(key, asking);
        const refusal = await asking;
        if (refusal === null || this.#streams.get(id) !== stream) return;
        this.closed(stream.socket);
        stream.socket.end(refusal);
      }),
    );
  }

  /** @throws AppError slow_reader */
  #begin(stream: ClientStream): void {
    const { app, deployment } = stream.socket.session;
    if (deployment === null) return;
    const end = deployment.end ?? this.#ends.get(deployment.id) ?? this.#ends.get(app);
    if (deployment.isTold) stream.say(deployment.begun);
    Object.assign(deployment, { begun: '', end: null });
    stream.socket.remember();
    if (end !== undefined) this.#conclude(stream, end);
  }

  /** @throws AppError slow_reader */
  #conclude(stream: ClientStream, end: DeploymentEnd): void {
    const { session } = stream.socket;
    const { deployment } = session;
    if (deployment === null || deployment.end !== null) return;
    if (!deployment.isTold && end.status === 'succeeded') session.deployment = null;
    else deployment.end = end;
    stream.socket.remember();
    if (session.deployment === null) return;
    if (session.isDrained) return this.#drained(stream);
    if (this.#link.session()?.capabilities?.includes(logEndCapability) !== false) return stream.finish();
    // It would go on for ever: what is still on its way is not waited for.
    this.#link.tell({ type: 'close', stream: session.stream });
    this.#drained(stream);
  }

  /** Nothing more comes of the executor: the client is told how the deployment has ended, as soon as that is known. */
  #drained(stream: ClientStream): void {
    const { socket } = stream;
    const { deployment } = socket.session;
    socket.session.isDrained = true;
    socket.remember();
    const end = deployment?.end ?? null;
    if (end === null) return;
    this.#try(stream, () => {
      if (deployment?.isTold) stream.say(toEndLine(end));
      this.#forget(socket.session.stream);
      socket.end({});
    });
  }

  #keep(end: DeploymentEnd): void {
    const key = end.deployment ?? end.app;
    this.#ends.delete(key);
    this.#ends.set(key, end);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > keptEnds && oldest !== undefined) this.#ends.delete(oldest);
  }

  #refusalOf({ kind, app }: ClientSession): StreamEnd | undefined {
    const session = this.#link.session();
    if (session === undefined) return { code: 'executor_offline', message: 'The executor is not connected.' };
    if (session.protocol < streamKinds[kind].version || session.capabilities?.includes(streamCapability(kind)) === false) {
      return { code: 'unsupported_command', message: `The executor does not have the stream ${kind}, which needs version ${streamKinds[kind].version} of the protocol: upgrade the executor.` };
    }
    if (this.#streams.size >= limits.streams) return { code: 'too_many_streams', message: `${limits.streams} streams are open.` };
    if (this.#countOf(app) >= limits.streamsPerApp) return { code: 'too_many_streams', message: `${limits.streamsPerApp} streams of the app are open.` };
    return undefined;
  }

  #countOf(app: string): number {
    let count = 0;
    for (const { socket } of this.#streams.values()) if (socket.session.app === app) count++;
    return count;
  }

  /** What is thrown ends this stream, on both sides, and nothing else. */
  #try(stream: ClientStream, task: () => void): void {
    try {
      task();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.closed(stream.socket);
      stream.socket.end({ code: error.code, message: error.message });
    }
  }

  #forget(id: number): boolean {
    this.#streams.get(id)?.release();
    return this.#streams.delete(id);
  }
}

function lost(message: string): StreamEnd {
  return { code: 'executor_lost', message };
}

type Opened = Pick<ClientSession, 'server' | 'app' | 'kind' | 'hasControl'> & { wire?: ClientSession['wire'] | undefined; deployment?: FollowedDeployment | undefined; holder?: StreamHolder };

/** Numbered at random, so that a hub that slept does not use a number twice. */
export function newSession({ server, app, kind, wire = 'own', deployment, holder, hasControl }: Opened): ClientSession {
  const [stream = 0] = crypto.getRandomValues(new Uint32Array(1));
  return { server, app, kind, wire, hasControl: hasControl && wire === 'own', rest: [], stream, inputCredit: 0, unreturned: 0, isCut: false, framesPassed: 0, framesTaken: 0, deployment: deployment ?? null, isDrained: false, holder: holder ?? null };
}
