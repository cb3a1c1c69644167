/**
 * Bulk bodies, which do not go through the socket: the executor dials back with a request of its own, and the body of the one request becomes the body of the
 * other one's response. Nothing is kept in between; whoever is slower sets the pace. A transfer lives no longer than the call that names it, and meets once.
 */
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { CallOutcome, Refusal, TransferMethod } from '../services/ports.ts';
import { createPipe, type PassBody, type Upload } from './pipe.ts';

/** Makes the call that names the transfer. An abort of the signal tells the executor that nobody waits any more. */
type MakeCall<M extends TransferMethod> = (transfer: string, signal: AbortSignal) => Promise<CallOutcome<M>>;

export interface Download {
  ok: true;
  body: ReadableStream<Uint8Array>;
}

/** One that waits for the executor to dial back. */
interface Meeting {
  method: 'GET' | 'POST';
  meet(request: Request): Promise<Response>;
}

export class Transfers {
  readonly #meetings = new Map<string, Meeting>();
  readonly #pass: PassBody;

  constructor(pass: PassBody) {
    this.#pass = pass;
  }

  /** The executor fetches the body. */
  async upload<M extends TransferMethod>(upload: Upload, call: MakeCall<M>): Promise<CallOutcome<M>> {
    const over = new AbortController();
    let moved = Promise.resolve();
    const id = this.#expect(over, {
      method: 'GET',
      meet: async (request) => {
        const passed = this.#pass(upload, request, over.signal);
        moved = passed.moved;
        return passed.response;
      },
    });
    try {
      return await call(id, over.signal);
    } finally {
      this.#meetings.delete(id);
      over.abort();
      // From here on the body is free for whoever reads the rest of it away.
      await moved;
    }
  }

  /** The executor brings the body. Resolves with its first byte under way, or with why there is none. */
  async download<M extends TransferMethod>(call: MakeCall<M>): Promise<Download | Refusal> {
    const over = new AbortController();
    const { promise: arrived, resolve } = Promise.withResolvers<Download>();
    const id = this.#expect(over, {
      method: 'POST',
      meet: async (request) => {
        const { readable, writable } = createPipe();
        resolve({ ok: true, body: readable });
        try {
          await (request.body ?? new Response('').body)?.pipeTo(writable, { signal: over.signal, preventCancel: true });
        } catch (cause) {
          over.abort();
          throw new AppError('transfer_not_found', { detail: 'Whoever asked for it has gone, or it was broken off.', cause });
        }
        return new Response(null, { status: 204 });
      },
    });
    const outcome = call(id, over.signal).then((answer): Refusal => {
      this.#meetings.delete(id);
      // What has been brought is whole when its own request has ended; a call that failed meanwhile breaks it off.
      if (!answer.ok) over.abort();
      return answer.ok ? { ok: false, code: 'executor_lost', message: 'The executor answered without bringing anything.' } : answer;
    });
    return Promise.race([arrived, outcome]);
  }

  /** The executor dials back. @throws AppError transfer_not_found */
  meet(id: string, request: Request): Promise<Response> {
    const meeting = this.#meetings.get(id);
    if (meeting === undefined || meeting.method !== request.method) throw new AppError('transfer_not_found', { detail: 'It is over, it has begun already, or it goes the other way.' });
    this.#meetings.delete(id);
    return meeting.meet(request);
  }

  /** Under a new, unguessable id. An executor that has the call and does not dial is not waited for. */
  #expect(over: AbortController, { method, meet }: Meeting): string {
    const id = crypto.randomUUID();
    const late = setTimeout(() => over.abort(new AppError('executor_lost', { detail: 'The executor did not dial back for the bytes.' })), limits.transferDial);
    over.signal.addEventListener('abort', () => clearTimeout(late));
    this.#meetings.set(id, {
      method,
      meet: (request) => {
        clearTimeout(late);
        return meet(request);
      },
    });
    return id;
  }
}
