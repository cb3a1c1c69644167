/**
 * The control plane's end of the link to one executor: at most one live connection, calls with exactly one answer, events in order.
 * A plain class over `HubSocket`; each host keeps one per server and feeds it what its socket receives. docs/protocol.md tells the rules.
 */
import type { Method, Params } from '../../shared/protocol/calls.ts';
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import { encodeFrame, numberedSince, type Frame } from '../../shared/protocol/frames.ts';
import { closeCodes, limits } from '../../shared/protocol/limits.ts';
import { parseExecutorMessage, pingText, pongText, protocolVersion, type ExecutorMessage, type Hello, type HubMessage } from '../../shared/protocol/messages.ts';
import { isFinished } from '../../shared/status.ts';
import { describeError } from '../log.ts';
import type { Absence, Ingest } from '../services/ingest.ts';
import type { CallOutcome, Log, Presence, Refusal, TransferMethod, UsageHistory, WithoutTransfer } from '../services/ports.ts';
import { PendingCalls, refusalBy, refusalOf } from './calls.ts';
import { EventBell } from './event-bell.ts';
import { passStream, type PassBody, type Upload } from './pipe.ts';
import { giveUp, noteEngine, presenceOf, silenceOf } from './presence.ts';
import type { HubSocket } from './socket.ts';
import { Streams } from './streams.ts';
import { Transfers, type Download } from './transfers.ts';
import { Waiters } from './waiters.ts';

/** From this version of the protocol on an executor numbers the events of a connection without a gap. */
const gaplessSince = 3;

interface Ports {
  ingest: Ingest;
  history: UsageHistory;
  log: Log;
  /** Where the platform has a shorter way for bulk bodies than its streams. */
  passBody?: PassBody;
}

export class Hub {
  readonly #server: string;
  readonly #ports: Ports;
  #socket: HubSocket | null = null;
  /** How the last connection of this life of the hub ended. */
  #absence: Absence | null = null;
  readonly #calls = new PendingCalls();
  readonly #deployments = new Waiters();
  readonly #transfers: Transfers;
  /** Clients that are connected with a stream: each host hands their messages straight to it. */
  readonly streams = new Streams({
    refusalOf: (holder, app) => this.#ports.ingest.refusalOf(holder, app),
    session: () => this.#connected()?.session,
    tell: (message) => this.#socket?.send(encode(message)),
    pass: (frame) => {
      const known = (this.#socket?.session.protocol ?? 0) >= numberedSince ? frame : withoutNumber(frame);
      if (known !== null) this.#socket?.send(encodeFrame(known));
    },
  });
  /** Wakes those who follow the events of an app. */
  readonly events = new EventBell();
  /** Facts are taken in one after the other; answers to calls are not held up by them. */
  #facts: Promise<void> = Promise.resolve();
  #dropped = 0;
  /** Until hello: a timer that runs keeps a Durable Object from hibernating. */
  #greeting: ReturnType<typeof setTimeout> | undefined;

  constructor(server: string, ports: Ports) {
    this.#server = server;
    this.#ports = ports;
    this.#transfers = new Transfers(ports.passBody ?? passStream);
  }

  /** A connection that was there before hibernation. */
  adopt(socket: HubSocket): void {
    if (socket.session.isOver) return;
    if (this.#socket === null || socket.session.epoch > this.#socket.session.epoch) this.#socket = socket;
  }

  /** A new, authenticated connection. The newest epoch wins; the other one is told and closed (REL-04). */
  open(socket: HubSocket): void {
    const previous = this.#socket;
    if (previous !== null && previous.session.epoch > socket.session.epoch) {
      socket.close(closeCodes.superseded, 'a newer connection is open');
      return;
    }
    this.#socket = socket;
    socket.remember();
    if (previous !== null) {
      this.#lose('The executor connected anew.');
      giveUp(previous, closeCodes.superseded, 'a newer connection took over');
    }
    clearTimeout(this.#greeting);
    this.#greeting = setTimeout(() => this.#cut(socket, closeCodes.protocolError, 'no hello'), limits.helloTimeout);
  }

  /** A text message. Never throws: what cannot be read is logged and dropped, the socket stays (REL-05). */
  receive(socket: HubSocket, text: string): void {
    if (socket !== this.#socket) return;
    socket.session.lastSeen = Date.now();
    if (text === pingText) return socket.send(pongText);
    const parsed = parseExecutorMessage(text);
    if (parsed.ok) return this.#take(socket, parsed.message);
    this.#drop(parsed.reason);
    if (parsed.seq !== undefined) this.#takeEvent(socket, parsed.seq, null);
  }

  /** A binary message: a frame of a stream. */
  receiveFrame(socket: HubSocket, encoded: Uint8Array): void {
    if (socket !== this.#socket) return;
    socket.session.lastSeen = Date.now();
    if (!this.streams.frame(encoded)) this.#drop('not a frame');
  }

  closed(socket: HubSocket, reason: string, since = Date.now()): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#absence = { since, reason };
    clearTimeout(this.#greeting);
    this.#lose('The connection to the executor broke.');
    // Also of a connection that never said hello: it may have taken over from one that had made the server online.
    const { epoch } = socket.session;
    this.#inOrder(() => this.#ports.ingest.disconnected(this.#server, epoch, { since, reason }));
  }

  /** One call, one outcome (`calls.ts`). An abort of `signal` tells the executor that nobody waits any more. */
  call<M extends Method>(method: M, params: Params<M>, signal?: AbortSignal): Promise<CallOutcome<M>> {
    const socket = this.#connected();
    if (socket === undefined) return Promise.resolve({ ok: false, code: 'executor_offline', message: 'The executor is not connected.' });
    const refusal = refusalBy(socket.session, method);
    if (refusal !== undefined) return Promise.resolve(refusal);
    const id = crypto.randomUUID();
    const text = encode({ type: 'call', id, method, params });
    // The executor would drop it unread, or end the connection: again and again, as a deployment is delivered again.
    if (text.length > limits.messageLength) return Promise.resolve({ ok: false, code: 'payload_too_large', message: `The call has ${text.length} characters, the link carries ${limits.messageLength}.` });
    if (signal?.aborted) return Promise.resolve(refusalOf(signal));
    const outcome = this.#calls.wait(id, method, signal && { signal, cancel: () => send(socket, { type: 'cancel', id }) });
    socket.send(text);
    return outcome;
  }

  /** A call whose bulk body the executor fetches by dialling back (`transfers.ts`). */
  upload<M extends TransferMethod>(method: M, params: WithoutTransfer<M>, upload: Upload): Promise<CallOutcome<M>> {
    return this.#transfers.upload(upload, (transfer, signal) => this.call(method, withTransfer(params, transfer), signal));
  }

  /** A call whose bulk answer the executor brings by dialling back. */
  download<M extends TransferMethod>(method: M, params: WithoutTransfer<M>): Promise<Download | Refusal> {
    return this.#transfers.download((transfer, signal) => this.call(method, withTransfer(params, transfer), signal));
  }

  /** The executor dials back. @throws AppError transfer_not_found */
  transfer(id: string, request: Request): Promise<Response> {
    return this.#transfers.meet(id, request);
  }

  presence(): Presence {
    this.notice();
    return presenceOf(this.#socket, this.#absence);
  }

  /** Gives a connection up that no longer shows a sign of life. Whoever asks for the executor does this first; a host with timers does it at intervals. */
  notice(): void {
    const socket = this.#socket;
    const silence = socket === null ? undefined : silenceOf(socket);
    if (socket === null || silence === undefined) return;
    giveUp(socket, socket.session.isReady ? closeCodes.silent : closeCodes.protocolError, silence.reason);
    this.closed(socket, silence.reason, silence.since);
  }

  /** Resolves when the deployment's final event has been taken in, or after `timeout` ms. */
  settled(deployment: string, timeout: number): Promise<void> {
    return this.#deployments.wait(deployment, timeout);
  }

  /** The user, or with null anybody, may have lost a right. */
  async lookAtRights(userId: string | null): Promise<void> {
    this.events.ringAll();
    await this.streams.lookAtRights(userId);
  }

  disconnect(code: number, reason: string): void {
    if (this.#socket !== null) this.#cut(this.#socket, code, reason);
  }

  /** Nothing that still comes over it is taken in, whether or not its other end ends it too. */
  #cut(socket: HubSocket, code: number, reason: string): void {
    giveUp(socket, code, reason);
    this.closed(socket, reason);
  }

  /** The connection that calls and streams go over. */
  #connected(): HubSocket | undefined {
    this.notice();
    return this.#socket?.session.isReady ? this.#socket : undefined;
  }

  #lose(message: string): void {
    this.#calls.lose(message);
    this.streams.lose(message);
  }

  /** Told at the 1st, 10th, 100th, … so that a flood of nonsense does not become a flood of log lines. */
  #drop(reason: string): void {
    this.#dropped++;
    if (Number.isInteger(Math.log10(this.#dropped))) this.#ports.log.error('drop message', { server: this.#server, reason, dropped: this.#dropped });
  }

  #take(socket: HubSocket, message: ExecutorMessage): void {
    switch (message.type) {
      case 'hello':
        return this.#welcome(socket, message);
      case 'event':
        return this.#takeEvent(socket, message.seq, message.event);
      case 'ok':
        return this.#calls.settle(message.id, { ok: true, result: message.result });
      case 'err':
        return this.#calls.settle(message.id, { ok: false, code: message.code, message: message.message, ...(message.minimum !== undefined && { minimum: message.minimum }) });
      case 'pulse':
        return this.#calls.pulse(message.id);
      case 'opened':
      case 'close':
        return this.streams.take(message);
    }
  }

  #welcome(socket: HubSocket, hello: Hello): void {
    clearTimeout(this.#greeting);
    const { session } = socket;
    // One that comes again, as by a network that doubles messages, is answered again and changes nothing: the count of events goes on.
    const isFirst = !session.isReady;
    if (isFirst) {
      Object.assign(session, { isReady: true, protocol: Math.min(hello.protocol, protocolVersion), capabilities: hello.capabilities, seq: 0, picture: '' });
      noteEngine(session, hello.engine !== null);
    }
    socket.remember();
    send(socket, { type: 'welcome', protocol: session.protocol, server: this.#server, epoch: session.epoch, report_interval: limits.reportInterval });
    if (isFirst) this.#takeFact(socket, () => this.#ports.ingest.connected(this.#server, session.epoch, hello));
  }

  /** `event` is null where it is none of the protocol: it is acknowledged, or it would come for ever. */
  #takeEvent(socket: HubSocket, seq: number, event: ExecutorEvent | null): void {
    const { session } = socket;
    this.#takeFact(socket, async () => {
      // An acknowledgement speaks for all that came before: what was lost on the way is asked for again, by the only means there is.
      if (session.protocol >= gaplessSince && seq > session.seq + 1) throw new Error(`event ${session.seq + 1} is missing before ${seq}`);
      if (seq > session.seq) {
        if (event !== null) await this.#takeIn(socket, event);
        session.seq = seq;
        socket.remember();
        if (event?.kind === 'deployment' && isFinished(event.status)) this.#deployments.wake(event.deployment);
      }
      // Acknowledged only when it is in the database.
      if (socket === this.#socket) send(socket, { type: 'ack', seq });
    });
  }

  async #takeIn(socket: HubSocket, event: ExecutorEvent): Promise<void> {
    const { session } = socket;
    if (event.kind === 'usage') await this.#ports.history.put(this.#server, event.minute, event.apps);
    else if (event.kind !== 'report' || remembersNews(socket, event)) await this.#ports.ingest.event(this.#server, session.epoch, event);
    if (event.kind === 'deployment' && !isFinished(event.status)) this.streams.tellPhase(event);
    // A transition says more than the picture before it: the next one is compared with the database, however much it looks like the last.
    if (event.kind === 'status') session.picture = '';
  }

  /**
   * A fact of a connection that is gone is not taken in: it was not acknowledged, so the executor tells it again. For the same reason a fact
   * that cannot be taken in (the database is away) ends the connection rather than being lost.
   */
  #takeFact(socket: HubSocket, take: () => Promise<void>): void {
    this.#inOrder(async () => {
      if (socket !== this.#socket) return;
      try {
        await take();
      } catch (cause) {
        giveUp(socket, closeCodes.unavailable, 'try again');
        this.closed(socket, 'the control plane could not take in a fact');
        throw cause;
      }
    });
  }

  #inOrder(task: () => Promise<void>): void {
    this.#facts = this.#facts.then(task).catch((cause: unknown) => this.#ports.log.error('take in fact', { server: this.#server, cause: describeError(cause) }));
  }
}

/** Keeps the usage of a report, and tells whether its statuses are news. */
function remembersNews({ session }: HubSocket, report: Extract<ExecutorEvent, { kind: 'report' }>): boolean {
  session.usage = Object.fromEntries(report.apps.map(({ app, cpu, memory }) => [app, [cpu, memory]]));
  noteEngine(session, report.engine === 'reachable', report.reason);
  const picture = `${report.engine} ${report.reason ?? ''} ${report.apps.map(({ app, status }) => `${app}=${status}`).sort().join(' ')}`;
  const isNews = picture !== session.picture;
  session.picture = picture;
  return isNews;
}

/** As an executor of an earlier version knows it; null for what it does not. */
function withoutNumber(frame: Frame): Frame | null {
  if (frame.kind === 'mark') return null;
  return frame.kind === 'credit' ? frame : { ...frame, number: undefined };
}

function withTransfer<M extends TransferMethod>(params: WithoutTransfer<M>, transfer: string): Params<M> {
  // TypeScript does not put back together what `Omit` took apart.
  return { ...params, transfer } as Params<M>;
}

function send(socket: HubSocket, message: HubMessage): void {
  socket.send(encode(message));
}

function encode(message: HubMessage): string {
  return JSON.stringify(message);
}
