/** Stands between an executor and its hub, passes everything on and keeps what was said on the socket. */
import { createServer, request as requestPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { Entry } from './recording.ts';

export interface Tap {
  /** Where the executor finds its control plane. */
  url: string;
  onEntry(listener: (entry: Entry) => void): void;
  close(): Promise<void>;
}

export async function openTap(planeUrl: string): Promise<Tap> {
  const listeners = new Set<(entry: Entry) => void>();
  const tell = (from: Entry['from'], data: Buffer, isBinary: boolean) => {
    // What real ends say is of the protocol.
    const entry = (isBinary ? { from, frame: data.toString('hex') } : { from, message: JSON.parse(data.toString()) }) as Entry;
    for (const listener of listeners) listener(entry);
  };
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer((incoming, outgoing) => passRequest(planeUrl, incoming, outgoing));
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (executor) => {
      const hub = new WebSocket(planeUrl.replace(/^http/, 'ws') + request.url, { headers: { authorization: request.headers.authorization }, perMessageDeflate: false });
      const isOpen = new Promise<void>((resolve) => hub.once('open', () => resolve()));
      executor.on('message', async (data: Buffer, isBinary) => {
        tell('executor', data, isBinary);
        await isOpen;
        hub.send(data, { binary: isBinary });
      });
      hub.on('message', (data: Buffer, isBinary) => {
        tell('hub', data, isBinary);
        executor.send(data, { binary: isBinary });
      });
      for (const [end, other] of [[executor, hub], [hub, executor]] as const) {
        end.on('error', () => other.terminate());
        end.on('close', () => other.terminate());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    onEntry: (listener) => void listeners.add(listener),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passRequest(planeUrl: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url = '/', headers } = incoming;
  const passed = requestPlain(new URL(url, planeUrl), { method, headers: { ...headers, host: new URL(planeUrl).host }, agent: false }, (reply) => {
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(outgoing);
  });
  passed.on('error', () => outgoing.destroy());
  incoming.pipe(passed);
}
