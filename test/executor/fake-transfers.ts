/** Transfers without a control plane: bodies are laid ready by a test, and what is sent can be read. */
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type { Transfers } from '../../executor/transfers.ts';
import { AppError } from '../../shared/errors.ts';

export interface FakeTransfers extends Transfers {
  /** What will be fetched, by the id of the transfer. */
  bodies: Map<string, Readable | Buffer>;
  /** What was sent. */
  sent: Map<string, Buffer>;
}

export function createFakeTransfers(): FakeTransfers {
  const bodies: FakeTransfers['bodies'] = new Map();
  const sent: FakeTransfers['sent'] = new Map();
  return {
    bodies,
    sent,
    fetch(transfer) {
      const body = bodies.get(transfer);
      if (body === undefined) return Promise.reject(new AppError('transfer_not_found'));
      const over = Promise.resolve();
      return Promise.resolve(body instanceof Readable ? { body, length: null, over } : { body: Readable.from([body], { objectMode: false }), length: body.length, over });
    },
    async send(transfer, body) {
      sent.set(transfer, await buffer(body));
    },
  };
}
