/** Holds executors' sockets in this process: one hub per server, over `ws`. */
import type { WebSocket } from 'ws';
import { toError, unwrap } from '../hub/calls.ts';
import { Hub } from '../hub/hub.ts';
import { openReader, unwrapReading } from '../hub/reader.ts';
import { createSession, type HubSocket } from '../hub/socket.ts';
import type { Ingest } from '../services/ingest.ts';
import type { ExecutorClient, Log, UsageHistory } from '../services/ports.ts';
import { passExchange } from './bodies.ts';
import { connectClient } from './client-socket.ts';
import type { Upgrades } from './upgrades.ts';

/** ms between two looks whether a connection has fallen silent: here a timer costs nothing, and the database learns of it at once. */
const noticeInterval = 1_000;

interface Executors {
  client: ExecutorClient;
  /** The ingest needs the client and the hubs need the ingest: it is given once both are there. */
  start(ingest: Ingest): void;
}

export function createExecutors(upgrades: Upgrades, history: UsageHistory, log: Log): Executors {
  const hubs = new Map<string, Hub>();
  let ingest: Ingest | undefined;

  function hubOf(serverId: string): Hub {
    if (ingest === undefined) throw new Error('use executors: not started');
    const hub = hubs.get(serverId) ?? new Hub(serverId, { ingest, history, log, passBody: passExchange });
    hubs.set(serverId, hub);
    return hub;
  }

  const client: ExecutorClient = {
    call: async (serverId, method, params, signal) => unwrap(await hubOf(serverId).call(method, params, signal)),
    presence: async (serverId) => hubOf(serverId).presence(),
    settled: (serverId, deploymentId, timeout) => hubOf(serverId).settled(deploymentId, timeout),
    disconnect: async (serverId, code, reason) => hubOf(serverId).disconnect(code, reason),
    upload: async (serverId, method, params, body, length = null) => unwrap(await hubOf(serverId).upload(method, params, { body, length })),
    download: async (serverId, method, params) => {
      const download = await hubOf(serverId).download(method, params);
      if (!download.ok) throw toError(download);
      return download.body;
    },
    transfer: async (serverId, transferId, request) => hubOf(serverId).transfer(transferId, request),
    accept: async (request, serverId, epoch) => upgrades.take(request, 'executor', (socket) => attach(hubOf(serverId), socket, serverId, epoch)),
    attach: async (request, serverId, stream) => upgrades.take(request, 'client', (socket) => connectClient(hubOf(serverId).streams, socket, serverId, stream)),
    history: (serverId, appId, since) => history.read(serverId, appId, since),
    forget: (serverId) => history.drop(serverId),
    announce: async (serverId, appId, eventId) => hubOf(serverId).events.ring(appId, eventId),
    awaitEvent: (serverId, appId, after, timeout) => hubOf(serverId).events.wait(appId, after, timeout),
    lookAtRights: (serverId, userId) => hubOf(serverId).lookAtRights(userId),
    conclude: async (serverId, end) => hubOf(serverId).streams.conclude(end),
    stream: async (serverId, stream) => unwrapReading(await openReader(hubOf(serverId).streams, serverId, stream)),
  };

  return {
    client,
    start: (given) => (ingest = given),
  };
}

function attach(hub: Hub, socket: WebSocket, server: string, epoch: number): void {
  const hubSocket: HubSocket = {
    session: createSession(server, epoch),
    remember: () => undefined,
    send: (message) => socket.send(message),
    close: (code, reason) => socket.close(code, reason),
  };
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) hub.receiveFrame(hubSocket, data);
    else hub.receive(hubSocket, data.toString());
  });
  socket.on('close', (code) => hub.closed(hubSocket, `connection closed with ${code}`));
  // Executors before version 3 ping so.
  socket.on('ping', () => (hubSocket.session.lastSeen = Date.now()));
  const timer = setInterval(() => hub.notice(), noticeInterval);
  socket.on('close', () => clearInterval(timer));
  hub.open(hubSocket);
}
