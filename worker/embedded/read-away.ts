import type { IncomingMessage } from 'node:http';

/** ms for which a refused client may go on sending. */
const patience = 10_000;

/**
 * Reads the rest of a body away before its refusal is sent: Node closes the connection with the reply, and a client that still writes is then told `EPIPE` in place
 * of the reason. The edge does the same (worker/drain.ts).
 */
export function readAway(incoming: IncomingMessage): Promise<void> {
  if (incoming.complete || incoming.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(resolve, patience);
    const done = () => {
      clearTimeout(late);
      resolve();
    };
    for (const event of ['end', 'close', 'error']) incoming.once(event, done);
    // Whoever has read the beginning gets no more of it: it would be kept for nobody.
    incoming.removeAllListeners('data');
    incoming.resume();
  });
}
