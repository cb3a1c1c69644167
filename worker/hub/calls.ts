/** Calls that wait for their one answer. A call that pulses may take as long as it likes; one that is silent for 10 s is lost. */
import { AppError } from '../../shared/errors.ts';
import { calls, type Method } from '../../shared/protocol/calls.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { CallOutcome, Refusal } from '../services/ports.ts';
import type { Session } from './socket.ts';

type Answer = { ok: true; result: unknown } | Refusal;

/** How a caller stops waiting: `cancel` tells the executor, and the call is settled at once. */
interface Abandonment {
  signal?: AbortSignal;
  cancel?(): void;
}

interface PendingCall {
  settle(answer: Answer): void;
  silence: ReturnType<typeof setTimeout>;
}

export class PendingCalls {
  readonly #pending = new Map<string, PendingCall>();

  /** Resolves with the answer to the call that is sent under `id`. */
  wait<M extends Method>(id: string, method: M, { signal, cancel }: Abandonment = {}): Promise<CallOutcome<M>> {
    return new Promise((resolve) => {
      const abandon = () => {
        cancel?.();
        if (signal !== undefined) this.settle(id, refusalOf(signal));
      };
      const pending: PendingCall = {
        silence: this.#watchSilence(id),
        settle: (answer) => {
          this.#pending.delete(id);
          clearTimeout(pending.silence);
          signal?.removeEventListener('abort', abandon);
          resolve(answer.ok ? readResult(method, answer.result) : answer);
        },
      };
      this.#pending.set(id, pending);
      signal?.addEventListener('abort', abandon);
    });
  }

  /** An answer to a call that is no longer waited for changes nothing. */
  settle(id: string, answer: Answer): void {
    this.#pending.get(id)?.settle(answer);
  }

  pulse(id: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    clearTimeout(pending.silence);
    pending.silence = this.#watchSilence(id);
  }

  lose(message: string): void {
    for (const pending of this.#pending.values()) pending.settle({ ok: false, code: 'executor_lost', message });
  }

  #watchSilence(id: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.settle(id, { ok: false, code: 'executor_lost', message: 'The executor went silent.' }), limits.callSilence);
  }
}

/** Why `method` is not sent to this executor: it would not know it, or misread it (REL-22). */
export function refusalBy({ protocol, capabilities }: Pick<Session, 'protocol' | 'capabilities'>, method: Method): Refusal | undefined {
  const { version } = calls[method];
  const refuse = (why: string): Refusal => ({ ok: false, code: 'unsupported_command', message: `${why}, and ${method} needs version ${version} of the protocol: upgrade the executor.`, minimum: version });
  if (protocol < version) return refuse(`The executor speaks version ${protocol}`);
  if (capabilities?.includes(method) === false) return refuse(`The executor does not have ${method}`);
  return undefined;
}

/** The outcome of a call whose caller no longer waits: the code of the signal's reason, where it has one. */
export function refusalOf({ reason }: AbortSignal): Refusal {
  if (reason instanceof AppError) return { ok: false, code: reason.code, message: reason.message };
  return { ok: false, code: 'deadline_exceeded', message: 'The caller no longer waits.' };
}

function readResult<M extends Method>(method: M, result: unknown): CallOutcome<M> {
  const parsed = calls[method].result.safeParse(result);
  // The schema of `method` has just said that it is one.
  if (parsed.success) return { ok: true, result: parsed.data as Extract<CallOutcome<M>, { ok: true }>['result'] };
  return { ok: false, code: 'executor_lost', message: `The executor answered ${method} with something else.` };
}

/** The result of an outcome. @throws AppError the executor's own code */
export function unwrap<M extends Method>(outcome: CallOutcome<M>): Extract<CallOutcome<M>, { ok: true }>['result'] {
  if (outcome.ok) return outcome.result;
  throw toError(outcome);
}

export function toError({ code, message, minimum }: Omit<Refusal, 'ok'>): AppError {
  return new AppError(code, { detail: message, ...(minimum !== undefined && { extra: { minimum_protocol: minimum } }) });
}
