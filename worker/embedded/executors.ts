/** Holds executors' sockets in this process: one hub per server, over `ws`. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { unwrap } from '../hub/calls.ts';
import { Hub } from '../hub/hub.ts';
import type { HubSocket } from '../hub/socket.ts';
import type { Ingest } from '../services/ingest.ts';
import type { ExecutorClient, Log } from '../services/ports.ts';

/** An HTTP upgrade that waits for the application's word. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  isTaken: boolean;
}

interface Executors {
  client: ExecutorClient;
  /** The ingest needs the client and the hubs need the ingest: it is given once both are there. */
  start(ingest: Ingest): void;
  /** Let `client.accept` find the upgrade behind a request. */
  offer(request: Request, upgrade: Upgrade): void;
  close(): void;
}

export function createExecutors(log: Log): Executors {
  const hubs = new Map<string, Hub>();
  const upgrades = new WeakMap<Request, Upgrade>();
  const server = new WebSocketServer({ noServer: true, maxPayload: limits.frameLength, perMessageDeflate: false });
  let ingest: Ingest | undefined;

  function hubOf(serverId: string): Hub {
    if (ingest === undefined) throw new Error('use executors: not started');
    const hub = hubs.get(serverId) ?? new Hub(serverId, { ingest, log });
    hubs.set(serverId, hub);
    return hub;
  }

  const client: ExecutorClient = {
    call: async (serverId, method, params) => unwrap(await hubOf(serverId).call(method, params)),
    presence: async (serverId) => hubOf(serverId).presence(),
    settled: (serverId, deploymentId, timeout) => hubOf(serverId).settled(deploymentId, timeout),
    disconnect: async (serverId, code, reason) => hubOf(serverId).disconnect(code, reason),
    upload: async (serverId, method, params, body, length = null) => unwrap(await hubOf(serverId).upload(method, params, { body, length })),
    download: async (serverId, method, params) => {
      const download = await hubOf(serverId).download(method, params);
      if (!download.ok) throw new AppError(download.code, { detail: download.message });
      return download.body;
    },
    transfer: async (serverId, transferId, request) => hubOf(serverId).transfer(transferId, request),
    accept: async (request, serverId, epoch) => {
      const upgrade = upgrades.get(request);
      if (upgrade === undefined) throw new AppError('upgrade_required');
      upgrade.isTaken = true;
      server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (socket) => attach(hubOf(serverId), socket, serverId, epoch));
      return new Response(null);
    },
  };

  return {
    client,
    start: (given) => (ingest = given),
    offer: (request, upgrade) => upgrades.set(request, upgrade),
    close: () => {
      for (const socket of server.clients) socket.close(1012, 'the control plane restarts');
      server.close();
    },
  };
}

function attach(hub: Hub, socket: WebSocket, server: string, epoch: number): void {
  const hubSocket: HubSocket = {
    session: { server, epoch, isReady: false, lastSeen: Date.now(), seq: 0, picture: '', usage: {} },
    remember: () => undefined,
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
  };
  socket.on('message', (data, isBinary) => {
    if (!isBinary) hub.receive(hubSocket, data.toString());
  });
  socket.on('close', (code) => hub.closed(hubSocket, `connection closed with ${code}`));
  // `close` follows and tells the hub; without a listener the process would end.
  socket.on('error', () => undefined);
  watchLiveness(socket, hubSocket);
  hub.open(hubSocket);
}

/** The executor pings every 25 s; two missed mean that the other end is gone without a word. */
function watchLiveness(socket: WebSocket, { session }: HubSocket): void {
  const seen = () => (session.lastSeen = Date.now());
  socket.on('ping', seen);
  socket.on('message', seen);
  const timer = setInterval(() => {
    if (Date.now() - session.lastSeen > 2.4 * limits.pingInterval) socket.terminate();
  }, 5_000);
  socket.on('close', () => clearInterval(timer));
}
