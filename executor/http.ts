/** Plain HTTP requests of the executor: enrolment, health probes, bulk transfers. */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { inspect } from 'node:util';

// `import 'node:http'` evaluates every export of the module, among them its WebSocket, which loads undici: 12 MB that stay.
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

export interface HttpReply {
  status: number;
  /** At most `maxBody` bytes of it. */
  body: string;
}

export interface HttpRequest {
  url: URL;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** Bytes of the reply's body that are of interest; the rest is not read. */
  maxBody: number;
  signal: AbortSignal;
}

/** One request on a connection of its own. @throws Error of the network, or the signal's reason */
export function httpRequest(request: HttpRequest): Promise<HttpReply> {
  const { url, method = 'GET', headers, signal } = request;
  const options: RequestOptions = { method, headers, signal, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(url, options, (reply) => {
      readStart(reply, request.maxBody).then((body) => {
        outgoing.destroy();
        resolve({ status: reply.statusCode ?? 0, body });
      }, reject);
    });
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    outgoing.end(request.body);
  });
}

/**
 * Every request on a connection of its own. Printed as its name alone: docker-modem prints the options of each request for a debug log that nobody reads
 * (docker-modem/lib/modem.js, `util.inspect` without a limit), and with a hundred open connections that took most of a second.
 */
export function createClosingAgent(): Agent {
  return Object.assign(new http.Agent({ keepAlive: false }), { [inspect.custom]: () => 'Agent' });
}

/** A request that its caller writes and ends. */
export function openRequest(url: URL, options: RequestOptions, onReply?: (reply: IncomingMessage) => void): ClientRequest {
  return (url.protocol === 'https:' ? https : http).request(url, options, onReply);
}

/** @throws Error of the network, or of the signal that the request was given */
export function replyTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
}

/** POST JSON, read JSON. A body that is not JSON is given as text. */
export async function postJson(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const reply = await httpRequest({
    url: new URL(url),
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    maxBody: 64 * 1024,
    signal: AbortSignal.timeout(15_000),
  });
  try {
    return { status: reply.status, body: JSON.parse(reply.body) };
  } catch {
    return { status: reply.status, body: reply.body };
  }
}

/** At most `maxBody` bytes of it, as text. */
export async function readStart(reply: IncomingMessage, maxBody: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of reply) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBody) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBody).toString('utf8');
}
