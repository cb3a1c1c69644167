/** Plain HTTP between executor and control plane, as it comes or broken in a chosen way. */
import { request as openRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { delayTime, type Effect } from './effects.ts';

export interface TransferFault {
  effect: Effect;
  /** Bytes of the body that go through before it stops or breaks. */
  after: number;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  target: string;
  fault: TransferFault | null;
  /** The connection to the executor falls silent. */
  silence: () => void;
}

export function forward(exchange: Exchange): void {
  const { request, response, fault } = exchange;
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  switch (fault?.effect) {
    case undefined:
    case 'truncate':
    case 'half-open':
      return pass(exchange);
    // Heard by nobody, answered by nobody.
    case 'drop':
      return;
    // A request on a connection of its own has nothing that it could overtake but the messages of the link: late is out of turn.
    case 'delay':
    case 'reorder':
      return void setTimeout(() => pass(exchange), delayTime);
    case 'duplicate': {
      pass(exchange);
      const again = openRequest(new URL(request.url ?? '/', exchange.target), { method: request.method, headers: request.headers }, (reply) => reply.resume());
      again.on('error', () => undefined);
      again.end();
    }
  }
}

function pass({ request, response, target, fault, silence }: Exchange): void {
  const upstream = openRequest(new URL(request.url ?? '/', target), { method: request.method, headers: request.headers, agent: false }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    response.flushHeaders();
    const breaking = fault?.effect === 'truncate' ? () => response.destroy() : silence;
    reply.pipe(createBreak(fault, breaking)).pipe(response);
    reply.on('error', () => response.destroy());
    reply.on('close', () => reply.complete || response.destroy());
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

/** Calls `onBreak` when `after` bytes are through. */
function createBreak(fault: TransferFault | null, onBreak: () => void): Transform {
  let left = fault?.effect === 'truncate' || fault?.effect === 'half-open' ? fault.after : Infinity;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const isDue = left >= 0 && left < chunk.length;
      left -= chunk.length;
      if (isDue) onBreak();
      done(null, chunk);
    },
  });
}
