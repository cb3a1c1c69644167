/** What a message of the link is, as the fault matrix names it. */
import { decodeFrame } from '../../shared/protocol/frames.ts';
import type { ExecutorMessage, HubMessage } from '../../shared/protocol/messages.ts';

export type PassingKind = 'hello' | 'welcome' | 'call' | 'answer' | 'event' | 'ack' | 'log frame' | 'exec frame' | 'other';

export interface Passing {
  from: 'executor' | 'hub';
  kind: PassingKind;
  /** Of everything but frames. */
  message: ExecutorMessage | HubMessage | null;
  /** Of a call, and of its answer. */
  method: string | null;
}

const kinds: Partial<Record<(ExecutorMessage | HubMessage)['type'], PassingKind>> = { hello: 'hello', welcome: 'welcome', call: 'call', ok: 'answer', err: 'answer', event: 'event', ack: 'ack' };

export class Classifier {
  /** Kinds of the streams that were opened on this connection. */
  readonly #streams = new Map<number, string>();
  readonly #methods = new Map<string, string>();

  classify(from: Passing['from'], data: Buffer, isBinary: boolean): Passing {
    if (isBinary) return { from, kind: this.#frameKind(data), message: null, method: null };
    // Both ends speak the protocol: what comes here is what they made.
    const message = JSON.parse(data.toString()) as ExecutorMessage | HubMessage;
    if (message.type === 'open') this.#streams.set(message.stream, message.kind);
    if (message.type === 'call') this.#methods.set(message.id, message.method);
    const method = 'id' in message ? (this.#methods.get(message.id) ?? null) : null;
    return { from, kind: kinds[message.type] ?? 'other', message, method };
  }

  /** Only frames with bytes count: credit is not what somebody waits to read. */
  #frameKind(data: Buffer): PassingKind {
    const frame = decodeFrame(data);
    if (frame?.kind !== 'data') return 'other';
    const kind = this.#streams.get(frame.stream);
    return kind === 'logs' ? 'log frame' : kind === 'exec' ? 'exec frame' : 'other';
  }
}
