/** Calls of the hub: each one is validated, run, kept alive with pulses, and answered exactly once (REL-05). */
import { AppError } from '../shared/errors.ts';
import { calls, isMethod, type Method, type Params, type Result } from '../shared/protocol/calls.ts';
import { limits } from '../shared/protocol/limits.ts';
import { protocolVersion, type ExecutorMessage, type HubMessage } from '../shared/protocol/messages.ts';
import { isDiskFull } from './disk.ts';
import { describeError, type Log } from './log.ts';
import { RecentIds } from './recent-ids.ts';

export type Handler<M extends Method> = (params: Params<M>, signal: AbortSignal) => Promise<Result<M>>;
/** Total over the method table: a method without a handler does not compile. */
export type Handlers = { [M in Method]: Handler<M> };

type Call = Extract<HubMessage, { type: 'call' }>;
type Answer = Extract<ExecutorMessage, { type: 'ok' | 'err' }>;

/** Late by so many calls is nothing. */
const answeredKept = 10_000;

export interface DispatchOptions {
  handlers: Handlers;
  send: (message: ExecutorMessage) => void;
  log: Log;
  pulseInterval?: number;
}

/** The calls of one connection. Answers go to the connection that asked; a new one starts with none. */
export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #running = new Map<string, { controller: AbortController; isAnswered: Promise<void> }>();
  /** Ids of calls that were answered: a copy that something between the ends brings late is not run again (REL-06). */
  readonly #answered = new RecentIds<string>(answeredKept);

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  call(call: Call): Promise<void> {
    // The same id again is the same call, sent twice: its one answer is on its way.
    const running = this.#running.get(call.id);
    if (running !== undefined) return running.isAnswered;
    if (this.#answered.has(call.id)) return Promise.resolve();
    const controller = new AbortController();
    const isAnswered = this.#perform(call, controller);
    this.#running.set(call.id, { controller, isAnswered });
    return isAnswered;
  }

  async #perform(call: Call, controller: AbortController): Promise<void> {
    const pulse = setInterval(() => this.#options.send({ type: 'pulse', id: call.id }), this.#options.pulseInterval ?? limits.pulseInterval);
    const answer = await this.#answer(call, controller.signal);
    clearInterval(pulse);
    this.#running.delete(call.id);
    this.#answered.add(call.id);
    this.#options.send(answer);
  }

  /** The caller no longer waits: the handler may stop early, and is answered for all the same. */
  cancel(id: string): void {
    this.#running.get(id)?.controller.abort(new AppError('deadline_exceeded', { detail: 'The caller no longer waits.' }));
  }

  /** The connection is over, and with it everybody who waits. Resolves when every call has come to its end. */
  async end(): Promise<void> {
    for (const id of this.#running.keys()) this.cancel(id);
    await Promise.all([...this.#running.values()].map(({ isAnswered }) => isAnswered));
  }

  /** Handlers run on to their end: what they began with an engine should not be left half done. */
  async #answer(call: Call, signal: AbortSignal): Promise<Answer> {
    if (!isMethod(call.method)) {
      const message = `This executor speaks protocol ${protocolVersion} and does not know "${call.method}".`;
      return { type: 'err', id: call.id, code: 'unsupported_command', message, minimum: protocolVersion + 1 };
    }
    try {
      return { type: 'ok', id: call.id, result: await this.#run(call.method, call.params, signal) };
    } catch (error) {
      return this.#refusal(call, error);
    }
  }

  async #run<M extends Method>(method: M, given: unknown, signal: AbortSignal): Promise<Result<M>> {
    const parsed = calls[method].params.safeParse(given);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new AppError('invalid_value', { detail: `${method}: ${issue?.path.join('.') || 'params'}: ${issue?.message ?? 'invalid'}` });
    }
    // TypeScript does not follow that the schema and the handler are those of the same method.
    return this.#options.handlers[method](parsed.data as Params<M>, signal);
  }

  #refusal(call: Call, error: unknown): Answer {
    if (!(error instanceof AppError) && isDiskFull(error)) return { type: 'err', id: call.id, code: 'insufficient_storage', message: 'The disk of the executor is full.' };
    if (error instanceof AppError) return { type: 'err', id: call.id, code: error.code, message: error.message.slice(0, 2000) };
    this.#options.log.error('call failed', { call: call.id, method: call.method, error: describeError(error) });
    return { type: 'err', id: call.id, code: 'internal_error', message: `The executor failed; its log has the cause under call ${call.id}.` };
  }
}
