/** The persistent connection to the control plane: dials for ever, and waits in between so that nobody is hurt by it (REL-02, REL-03). */
import { connectPath } from '../shared/protocol/enrolment.ts';
import { closeCodes } from '../shared/protocol/limits.ts';
import type { Hello, HubMessage } from '../shared/protocol/messages.ts';
import { eventFor } from '../shared/protocol/versions.ts';
import { createBackoff, type Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { Dispatch, type Handlers } from './dispatch.ts';
import { describeError, type Log } from './log.ts';
import type { Outbox } from './outbox.ts';
import { runSession, type Ending, type SessionOptions, type Welcome } from './session.ts';
import type { StreamHandlers } from './streams/stream.ts';
import { Streams, type StreamCarrier } from './streams/streams.ts';

/** ms. SIGKILL follows SIGHUP after two seconds. */
const tidyUpTime = 3_000;

/** ms for the token and the hello, which asks an engine that has two seconds: with the greeting, a hang anywhere is over within 15 s (REL-02). */
const preparationTime = 3_000;

export interface LinkOptions {
  apiUrl: string;
  connectToken: () => Promise<string>;
  /** Asked anew for each connection. */
  hello: () => Promise<Hello>;
  handlers: Handlers;
  streamHandlers: StreamHandlers;
  outbox: Outbox;
  onWelcome: (welcome: Welcome) => void;
  clock: Pick<Clock, 'sleep'>;
  log: Log;
  backoff?: Backoff;
  /** ms that never go backwards, whatever is done to the machine's clock. */
  now?: () => number;
  /** One connection; tests put a hostile network here. */
  session?: (options: SessionOptions) => Promise<Ending>;
}

/** What the executor does for the hub on one connection. */
interface Services {
  dispatch: Dispatch;
  streams: Streams;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #now: () => number;
  #lastCause = '';
  #malformed = 0;
  /** Resolves when what ran for the last connection has ended. */
  #farewell: Promise<unknown> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Stay connected until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = this.#options.backoff ?? createBackoff();
    while (!signal.aborted) {
      const { ending, healthyFor } = await this.#connect(signal);
      if (signal.aborted) break;
      const wait = backoff.next(isRefusal(ending.code) ? 'refused' : 'failed', healthyFor);
      this.#report(ending, wait);
      await this.#options.clock.sleep(wait, signal).catch(() => undefined);
    }
    await this.#tidyUp();
  }

  /** The process is about to end: commands in containers, which would outlive it, get the time to end first. */
  async #tidyUp(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, tidyUpTime);
    await Promise.race([this.#farewell, promise]);
    clearTimeout(timer);
  }

  async #connect(signal: AbortSignal): Promise<{ ending: Ending; healthyFor: number }> {
    const { outbox, connectToken, hello, session = runSession } = this.#options;
    let welcomedAt: number | null = null;
    // In an object, because TypeScript does not follow an assignment in a callback.
    const current: { services: Services | null } = { services: null };
    let ending: Ending;
    try {
      const [token, greeting] = await soon(Promise.all([connectToken(), hello()]));
      ending = await session({
        url: socketUrl(this.#options.apiUrl),
        token,
        hello: greeting,
        signal,
        onWelcome: (welcome, carrier) => {
          if (welcomedAt !== null) return;
          current.services = this.#begin(welcome, carrier);
          welcomedAt = this.#now();
        },
        onMessage: (message) => this.#take(message, current.services),
        onFrame: (encoded) => {
          if (current.services?.streams.receive(encoded) !== true) this.#ignore('not a frame');
        },
        onFlushed: () => current.services?.streams.flush(),
        onMalformed: (reason) => this.#ignore(reason),
      });
    } catch (error) {
      ending = { reason: describeError(error), code: null };
    }
    outbox.detach();
    this.#farewell = Promise.all([current.services?.dispatch.end(), current.services?.streams.end()]);
    return { ending, healthyFor: welcomedAt === null ? 0 : this.#now() - welcomedAt - (ending.silentFor ?? 0) };
  }

  #begin(welcome: Welcome, carrier: StreamCarrier): Services {
    const { handlers, streamHandlers, log } = this.#options;
    this.#lastCause = '';
    this.#options.log.info('connected', { url: this.#options.apiUrl, server: welcome.server, epoch: welcome.epoch });
    this.#options.outbox.attach((message) => {
      const readable = eventFor(welcome.protocol, message);
      if (readable !== null) carrier.send(readable);
    });
    this.#options.onWelcome(welcome);
    return { dispatch: new Dispatch({ handlers, log, send: carrier.send }), streams: new Streams({ handlers: streamHandlers, log, carrier, protocol: welcome.protocol }) };
  }

  #take(message: Exclude<HubMessage, Welcome>, services: Services | null): void {
    if (services === null) return this.#ignore(`${message.type} before welcome`);
    if (message.type === 'call') void services.dispatch.call(message);
    else if (message.type === 'cancel') services.dispatch.cancel(message.id);
    else if (message.type === 'ack') this.#options.outbox.acknowledge(message.seq);
    else services.streams.take(message);
  }

  /** Told at the 1st, 10th, 100th, … so that a flood of nonsense does not become a flood of log lines. */
  #ignore(reason: string): void {
    this.#malformed++;
    if (Number.isInteger(Math.log10(this.#malformed))) this.#options.log.warn('message ignored', { reason, ignored: this.#malformed });
  }

  /** One line for each change of cause, not for each attempt. */
  #report(ending: Ending, wait: number): void {
    if (ending.reason === this.#lastCause) return;
    this.#lastCause = ending.reason;
    const fields = { reason: ending.reason, retry_in_ms: Math.round(wait) };
    if (isRefusal(ending.code)) this.#options.log.error('the control plane refuses this executor; enrol it again if its server was revoked or deleted', fields);
    else this.#options.log.warn('not connected; trying again for ever', fields);
  }
}

/** A connection that is not even dialled must not hold the next one up. */
function soon<T>(preparation: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the hello was not ready in time')), preparationTime);
  return Promise.race([preparation, promise]).finally(() => clearTimeout(timer));
}

function isRefusal(code: number | null): boolean {
  return code === 401 || code === 403 || code === closeCodes.unauthenticated || code === closeCodes.revoked;
}

function socketUrl(apiUrl: string): string {
  return apiUrl.replace(/^http/, 'ws') + connectPath;
}
