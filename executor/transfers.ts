/** Dialling back for a bulk body: one plain HTTP request to the control plane, on a connection of its own, whose bytes flow as fast as the slower end takes them. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, isErrorCode } from '../shared/errors.ts';
import { giveBack } from '../shared/move-bytes.ts';
import { limits } from '../shared/protocol/limits.ts';
import { transferLengthHeader, transfersPath } from '../shared/protocol/transfers.ts';
import { openRequest, readStart } from './http.ts';

export interface Transfers {
  /** The body of a client. A break is an error of the stream (`interrupted`). @throws AppError transfer_not_found */
  fetch(transfer: string, signal: AbortSignal): Promise<Incoming>;
  /** Bring a body to the client who waits for it. @throws AppError transfer_not_found when nobody does any more; or the error of `body` */
  send(transfer: string, body: Readable, signal: AbortSignal): Promise<void>;
}

export interface Incoming {
  body: Readable;
  /** Bytes, where the client has said how many. */
  length: number | null;
  /** Resolves when nothing more comes. Whoever is done with `body` destroys it and waits for this before saying how it went. */
  over: Promise<void>;
}

interface Options {
  apiUrl: string;
  connectToken: () => Promise<string>;
}

/** After so many ms without a byte, an end that is gone without a word is looked for. */
const keepAlive = 30_000;

export function createTransfers({ apiUrl, connectToken }: Options): Transfers {
  async function dial(method: 'GET' | 'POST', transfer: string, signal: AbortSignal): Promise<ClientRequest> {
    const headers = { authorization: `Bearer ${await connectToken()}`, ...(method === 'POST' && { 'content-type': 'application/octet-stream' }) };
    const request = openRequest(new URL(`${apiUrl}${transfersPath}/${transfer}`), { method, headers, signal, agent: false });
    request.on('socket', (socket) => socket.setKeepAlive(true, keepAlive));
    return request;
  }

  return {
    async fetch(transfer, signal) {
      const request = await dial('GET', transfer, signal);
      const late = setTimeout(() => request.destroy(new Error('no answer in time')), limits.transferDial);
      request.end();
      const reply = await replyOf(request).finally(() => clearTimeout(late));
      if (reply.statusCode !== 200) throw await refusalOf(reply);
      // The parser of HTTP copies a body out of what the socket reads, so that this, which comes after it, frees what nobody looks at any more.
      reply.socket.on('data', giveBack);
      const length = Number(reply.headers[transferLengthHeader] ?? Number.NaN);
      return { ...detachable(reply), length: Number.isSafeInteger(length) ? length : null };
    },

    async send(transfer, body, signal) {
      const request = await dial('POST', transfer, signal);
      // Whichever breaks first is the reason; the other one breaks because of it.
      const broken = new Promise<never>((_resolve, reject) => {
        body.once('error', reject);
        request.once('error', (cause) => reject(interrupted(cause)));
      });
      pipeline(body, request).catch(() => undefined);
      const reply = await Promise.race([replyOf(request), broken]);
      try {
        // An early refusal ends the sending. It is read first: what breaks the body breaks the connection, and the reply with it.
        body.unpipe(request);
        if (reply.statusCode !== 204) throw await refusalOf(reply);
        reply.resume();
      } finally {
        body.destroy();
      }
    },
  };
}

/** ms for which the sender of a refused body may go on. */
const patience = 10_000;

/**
 * What its taker leaves of a body is read away: workerd breaks a body that nobody takes any more together with the reply to its sender, who would not be told why
 * it was refused (tried: `Network connection lost` in place of the 422).
 */
function detachable(reply: IncomingMessage): Pick<Incoming, 'body' | 'over'> {
  const body = new PassThrough({ highWaterMark: limits.streamWindow });
  const over = new Promise<void>((resolve) => reply.once('close', resolve));
  reply.on('error', (cause) => body.destroy(interrupted(cause)));
  reply.once('close', () => reply.complete || body.destroy(interrupted(undefined)));
  body.once('close', () => {
    if (reply.closed) return;
    reply.unpipe(body);
    reply.resume();
    const late = setTimeout(() => reply.destroy(), patience);
    reply.once('close', () => clearTimeout(late));
  });
  reply.pipe(body);
  return { body, over };
}

/** A body that ended before it was whole: its sender, the control plane or the way between has gone. */
export function interrupted(cause: unknown): AppError {
  return new AppError('upload_interrupted', { detail: 'The connection broke before the body was whole.', cause });
}

function replyOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.once('error', (cause) => reject(interrupted(cause)));
  });
}

async function refusalOf(reply: IncomingMessage): Promise<AppError> {
  const text = await readStart(reply, 64 * 1024).catch((cause: unknown) => {
    throw interrupted(cause);
  });
  const code = /"code":\s*"(\w+)"/.exec(text)?.[1];
  return new AppError(isErrorCode(code) ? code : 'transfer_not_found', { detail: `dial back: the control plane answered ${reply.statusCode}` });
}
