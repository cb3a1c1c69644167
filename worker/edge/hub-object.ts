/**
 * The hub as a Durable Object: one per server, its socket hibernates. What is known of a connection is the socket's attachment, so an
 * evicted object finds everything again. No alarm, no interval: an object without an open call costs nothing (platform notes, cost model).
 */
import { DurableObject } from 'cloudflare:workers';
import type { Method, Params } from '../../shared/protocol/calls.ts';
import { pingText, pongText } from '../../shared/protocol/messages.ts';
import { Hub } from '../hub/hub.ts';
import { openReader, type Reading } from '../hub/reader.ts';
import { createSession, type ClientSession, type ClientSocket, type HubSocket, type Session } from '../hub/socket.ts';
import { createIngest } from '../services/ingest.ts';
import type { CallOutcome, DeploymentEnd, GrantedStream, Presence, UsagePoint } from '../services/ports.ts';
import { createLog } from '../log.ts';
import { ClientSockets, clientHeader } from './client-sockets.ts';
import { createEdgeContext } from './context.ts';
import { hubClient } from './executors.ts';
import type { Bindings, HubRpc } from './hub-rpc.ts';
import { answerAtDoor, doorHeader } from './transfers.ts';
import { createUsageHistory } from './usage-history.ts';

/** Bytes an attachment may have are 16,384; a session with the statuses and the usage of some 200 apps reaches it. */
const attachmentLimit = 15_000;

export class HubObject extends DurableObject<Bindings> implements HubRpc {
  readonly #sockets = new Map<WebSocket, HubSocket>();
  readonly #clients = new ClientSockets();
  readonly #history = createUsageHistory(this.ctx.storage.sql);
  #hub: Hub | undefined;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    // Pings are answered without waking the object; when one last was is all there is to know (platform notes, cost model).
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
  }

  /** The upgrade of an executor or of a client that the Worker has authenticated, or a bulk body. */
  override async fetch(request: Request): Promise<Response> {
    const server = request.headers.get('x-dockup-server') ?? '';
    if (request.headers.has(doorHeader)) return answerAtDoor(this.#open(server), request);
    if (request.headers.has(clientHeader)) return this.#clients.accept(this.ctx, this.#open(server).streams, request);
    const epoch = Number(request.headers.get('x-dockup-epoch'));
    const hub = this.#open(server);
    const { 0: client, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    hub.open(this.#wrap(socket, createSession(server, epoch)));
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const message = typeof data === 'string' ? data : new Uint8Array(data);
    const client = this.#clients.find(socket);
    if (client !== undefined) return this.#open(client.session.server).streams.receive(client, message);
    const known = this.#find(socket);
    if (known === undefined) return;
    const hub = this.#open(known.session.server);
    if (typeof message === 'string') hub.receive(known, message);
    else hub.receiveFrame(known, message);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // A hibernating socket is not answered by the runtime: without this the executor waits for its time-out and takes the end for a cut.
    socket.close(1000);
    this.#closed(socket, `connection closed with ${code}`);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#closed(socket, 'connection broke');
  }

  async call<M extends Method>(server: string, method: M, params: Params<M>): Promise<CallOutcome<M>> {
    return this.#open(server).call(method, params);
  }

  async presence(server: string): Promise<Presence> {
    return this.#open(server).presence();
  }

  async settled(server: string, deployment: string, timeout: number): Promise<void> {
    return this.#open(server).settled(deployment, timeout);
  }

  async stream(server: string, request: GrantedStream): Promise<Reading> {
    return openReader(this.#open(server).streams, server, request);
  }

  async history(server: string, app: string, since: number): Promise<UsagePoint[]> {
    return this.#history.read(server, app, since);
  }

  async forget(server: string): Promise<void> {
    return this.#history.drop(server);
  }

  async announce(server: string, app: string, event: string): Promise<void> {
    this.#open(server).events.ring(app, event);
  }

  async awaitEvent(server: string, app: string, after: string, timeout: number): Promise<void> {
    return this.#open(server).events.wait(app, after, timeout);
  }

  async lookAtRights(server: string, userId: string | null): Promise<void> {
    return this.#open(server).lookAtRights(userId);
  }

  async conclude(server: string, end: DeploymentEnd): Promise<void> {
    this.#open(server).streams.conclude(end);
  }

  async disconnect(server: string, code: number, reason: string): Promise<void> {
    this.#open(server).disconnect(code, reason);
  }

  /** One hub per life of the object, with the sockets that outlived the last one. */
  #open(server: string): Hub {
    this.#hub ??= this.#build(server);
    return this.#hub;
  }

  #build(server: string): Hub {
    const log = createLog('hub');
    // A fact can lead to a call of this very executor: straight to the hub, not around through the object's own door.
    const own: { hub?: Hub } = {};
    const context = createEdgeContext(this.env, { executors: hubClient(() => own.hub), log });
    const hub = new Hub(server, { ingest: createIngest(context), history: this.#history, log });
    own.hub = hub;
    const sockets = this.ctx.getWebSockets();
    const clients = sockets.map((socket) => this.#clients.find(socket)).filter((client) => client !== undefined);
    for (const known of sockets.map((socket) => this.#find(socket))) if (known !== undefined) hub.adopt(known);
    for (const client of clients) hub.streams.adopt(client);
    return hub;
  }

  #closed(socket: WebSocket, reason: string): void {
    const client = this.#clients.find(socket);
    if (client !== undefined) return this.#clientClosed(socket, client);
    const known = this.#find(socket);
    if (known === undefined) return;
    const hub = this.#open(known.session.server);
    // The runtime no longer lists a socket that ends: a hub that was built for this very event does not know it yet.
    hub.adopt(known);
    hub.closed(known, reason);
    this.#sockets.delete(socket);
  }

  #clientClosed(socket: WebSocket, client: ClientSocket): void {
    const { streams } = this.#open(client.session.server);
    // As above.
    streams.adopt(client);
    streams.closed(client);
    this.#clients.forget(socket);
  }

  #find(socket: WebSocket): HubSocket | undefined {
    const known = this.#sockets.get(socket);
    if (known !== undefined) return known;
    // Written by `remember` below, by this class or an earlier life of it.
    const session = socket.deserializeAttachment() as Session | ClientSession | null;
    // What an earlier release has written lacks what this one knows.
    return session === null || 'stream' in session ? undefined : this.#wrap(socket, { ...createSession(session.server, session.epoch), ...session });
  }

  #wrap(socket: WebSocket, session: Session): HubSocket {
    const wrapped: HubSocket = {
      session,
      lastPing: () => this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0,
      remember: () => socket.serializeAttachment(fit(session)),
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
    };
    this.#sockets.set(socket, wrapped);
    return wrapped;
  }
}

/** Usage is the one part that grows: on a host with very many apps it is unknown between hibernation and the next report. */
function fit(session: Session): Session {
  return JSON.stringify(session).length <= attachmentLimit ? session : { ...session, usage: {}, picture: '' };
}
