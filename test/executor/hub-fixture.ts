/** The far end of the link, as far as an executor can tell: enrolment over HTTP and the hub's side of the socket. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer, type WebSocket } from 'ws';
import { connectPath, enrolPath } from '../../shared/protocol/enrolment.ts';
import { decodeFrame, type Frame } from '../../shared/protocol/frames.ts';
import { parseExecutorMessage, pingText, pongText, type ExecutorMessage, type Hello } from '../../shared/protocol/messages.ts';
import { eventually } from './host-fixture.ts';

export interface Connection {
  socket: WebSocket;
  hello: Hello;
  /** The connect token it came with. */
  token: string;
  /** Everything it has sent, in order; what is not of the protocol throws the test off. */
  received: ExecutorMessage[];
  frames: Frame[];
  /** In text; those of the WebSocket protocol are not counted. */
  pings: number;
  send(message: unknown): void;
}

export interface HubFixture {
  url: string;
  connections: Connection[];
  enrolments: { token: string; public_key: { kty: string; crv: string; x: string } }[];
  /** Set to refuse what comes: the status of the answer. */
  refusal: number | null;
  /** The version it answers hellos in. */
  protocol: number;
  /** Cleared to leave hellos without an answer. */
  isWelcoming: boolean;
  connection(index: number): Promise<Connection>;
  close(): Promise<void>;
}

export async function openHub(serverId: string): Promise<HubFixture> {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const hub: HubFixture = {
    url: '', connections: [], enrolments: [], refusal: null, protocol: 1, isWelcoming: true,
    connection: (index) => eventually(() => hub.connections[index]),
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      http.close();
      http.closeAllConnections();
    },
  };

  http.on('request', async (request, response) => {
    if (request.url !== enrolPath || hub.refusal !== null) return response.writeHead(hub.refusal ?? 404).end('{"detail":"The token is used."}');
    hub.enrolments.push(JSON.parse(await text(request)));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ server_id: serverId, name: 'test' }));
  });
  http.on('upgrade', (request, socket, head) => {
    if (hub.refusal !== null || request.url !== connectPath) return socket.end(`HTTP/1.1 ${hub.refusal ?? 404} Refused\r\nContent-Length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (accepted) => greet(hub, serverId, request, accepted));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  hub.url = `http://127.0.0.1:${port}`;
  return hub;
}

function greet(hub: HubFixture, serverId: string, request: IncomingMessage, socket: WebSocket): void {
  const received: ExecutorMessage[] = [];
  const frames: Frame[] = [];
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      const frame = Buffer.isBuffer(data) ? decodeFrame(data) : null;
      if (frame === null) throw new Error('the executor sent what is not a frame');
      return void frames.push(frame);
    }
    if (String(data) === pingText) {
      const pinged = hub.connections.find((connection) => connection.socket === socket);
      if (pinged !== undefined) pinged.pings++;
      return socket.send(pongText);
    }
    const parsed = parseExecutorMessage(String(data));
    if (!parsed.ok) throw new Error(`the executor sent what is not of the protocol: ${parsed.reason}`);
    received.push(parsed.message);
    if (parsed.message.type !== 'hello') return;
    const send = (message: unknown) => socket.send(JSON.stringify(message));
    hub.connections.push({ socket, hello: parsed.message, token: request.headers.authorization?.replace('Bearer ', '') ?? '', received, frames, pings: 0, send });
    if (hub.isWelcoming) send({ type: 'welcome', protocol: hub.protocol, server: serverId, epoch: hub.connections.length, report_interval: 30 });
  });
}
