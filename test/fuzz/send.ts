/** One request as it is, byte for byte, and its reply. Nothing here waits for long: of a stream only the beginning is read. */
import { Agent, request, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

export interface Message {
  method: string;
  target: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  isSocket: boolean;
}

export interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
  /** Of a socket that was closed. */
  close?: { code: number; reason: string };
}

/** ms: for a reply; and for the beginning of what has no end. */
const [patience, glance] = [15_000, 60];

export interface Client {
  send(message: Message): Promise<Reply>;
  close(): void;
}

export function createClient(url: string): Client {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });

  const send = (message: Message, isAgain = false): Promise<Reply> =>
    new Promise<Reply>((resolve, reject) => {
      const { method, target, headers, body } = message;
      const length = body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const outgoing = request({ hostname, port, method, path: target, agent, headers: { ...headers, ...length }, timeout: patience }, (incoming) => {
        const chunks: Buffer[] = [];
        const finish = () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString() });
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', (error) => reject(new Error('the reply broke off', { cause: error })));
        incoming.on('end', finish);
        if (incoming.headers['content-type']?.startsWith('text/event-stream') !== true) return;
        setTimeout(() => {
          incoming.removeAllListeners('error').on('error', () => undefined);
          outgoing.destroy();
          finish();
        }, glance);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no reply within ${patience} ms`)));
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // A connection that was kept, and that the other end has closed in the same moment: nobody has read the request.
        if (outgoing.reusedSocket && error.code === 'ECONNRESET' && !isAgain) resolve(send(message, true));
        else reject(error);
      });
      outgoing.end(body ?? undefined);
    });

  return {
    send: (message) => (message.isSocket ? connect(url, message) : send(message)),
    close: () => agent.destroy(),
  };
}

function connect(url: string, { target, headers }: Message): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { 'Sec-WebSocket-Protocol': _protocol, ...others } = headers;
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers: others, perMessageDeflate: false, handshakeTimeout: patience, finishRequest: (outgoing) => Object.assign(outgoing, { path: target }).end() });
    let open: IncomingMessage['headers'] = {};
    let close: Reply['close'];
    socket.once('upgrade', (response) => (open = response.headers));
    socket.once('open', () => setTimeout(() => socket.terminate(), glance));
    socket.once('close', (code, reason) => {
      // 1006: nobody has closed it but the one who looks no longer.
      close = code === 1006 ? undefined : { code, reason: reason.toString() };
      resolve({ status: 101, headers: open, body: '', ...(close !== undefined && { close }) });
    });
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      response.on('error', reject);
    });
    socket.on('error', reject);
  });
}

/** To be sent once more by hand. */
export function toCurl(url: string, { method, target, headers, body, isSocket }: Message): string {
  const quote = (text: string) => (/[^\x20-\x7e]/.test(text) ? `$'${Array.from(text, (character) => (/[\x20-\x7e]/.test(character) && !/['\\]/.test(character) ? character : bytesOf(character))).join('')}'` : `'${text.replaceAll("'", `'\\''`)}'`);
  const shown = isSocket ? { ...headers, Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } : headers;
  const fields = Object.entries(shown).map(([name, value]) => `-H ${quote(value === '' ? `${name};` : `${name}: ${value}`)}`);
  return ['curl -gsi --path-as-is', `-X ${method}`, ...fields, ...(body === null ? [] : [`--data-binary ${quote(body.length > 3_000 ? `${body.slice(0, 3_000)}…` : body)}`]), quote(`${url}${target}`)].join(' ');
}

function bytesOf(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
