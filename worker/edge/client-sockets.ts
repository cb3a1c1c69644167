/** Clients' WebSockets at the edge: accepted by the Durable Object, where they hibernate. Their attachment is the routing table. */
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { closingOf } from '../hub/closing.ts';
import { isBinary, type ClientSession, type ClientSocket } from '../hub/socket.ts';
import { newSession, type Streams } from '../hub/streams.ts';
import type { GrantedStream, Sockets } from '../services/ports.ts';
import { chooseSubprotocol, hasExecControl, offeredSubprotocols } from '../services/subprotocols.ts';
import { Pace } from './pace.ts';

/** What the client is connected with. Set on requests from the Worker alone: nobody else reaches the object. */
export const clientHeader = 'x-dockup-client';

interface Asked {
  stream: GrantedStream;
  hasControl: boolean;
}

interface EdgeSession extends ClientSession {
  /** Bytes sent since the client was last heard. */
  unheard: number;
}

/** The Worker's half: hands the upgrade to the object. @throws AppError upgrade_required */
export async function attachClient(object: Fetcher, request: Request, server: string, stream: GrantedStream): Promise<Response> {
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') throw new AppError('upgrade_required');
  const offered = offeredSubprotocols(request.headers.get('sec-websocket-protocol'));
  const asked: Asked = { stream, hasControl: hasExecControl(offered) };
  const { webSocket } = await object.fetch('https://hub/', { headers: { upgrade: 'websocket', 'x-dockup-server': server, [clientHeader]: encodeURIComponent(JSON.stringify(asked)) } });
  return upgraded(webSocket, chooseSubprotocol(offered));
}

export const edgeSockets: Sockets = {
  refuse: async (request, code, reason) => {
    const { 0: far, 1: socket } = new WebSocketPair();
    socket.accept();
    socket.close(code, reason);
    return upgraded(far, chooseSubprotocol(offeredSubprotocols(request.headers.get('sec-websocket-protocol'))));
  },
};

function upgraded(webSocket: WebSocket | null, subprotocol: string | undefined): Response {
  return new Response(null, { status: 101, webSocket, ...(subprotocol !== undefined && { headers: { 'sec-websocket-protocol': subprotocol } }) });
}

/** The object's half. */
export class ClientSockets {
  readonly #known = new Map<WebSocket, ClientSocket>();

  accept(ctx: DurableObjectState, streams: Streams, request: Request): Response {
    // Written by the Worker's half above.
    const { stream, hasControl } = JSON.parse(decodeURIComponent(request.headers.get(clientHeader) ?? '')) as Asked;
    const { 0: far, 1: socket } = new WebSocketPair();
    ctx.acceptWebSocket(socket, ['client']);
    const { params, ...asked } = stream;
    const session = newSession({ server: request.headers.get('x-dockup-server') ?? '', ...asked, hasControl });
    streams.open(this.#wrap(socket, { ...session, unheard: 0 }), params);
    return new Response(null, { status: 101, webSocket: far });
  }

  /** The client behind a socket, also one that was accepted in an earlier life of the object; undefined for an executor's. */
  find(socket: WebSocket): ClientSocket | undefined {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    // Written by `remember` below, or by the object for an executor.
    const session = socket.deserializeAttachment() as EdgeSession | object | null;
    // What an earlier release has written lacks what this one knows.
    return session !== null && 'stream' in session ? this.#wrap(socket, { ...session, wire: session.wire ?? 'own', rest: session.rest ?? [], deployment: session.deployment ?? null, isDrained: session.isDrained ?? false, holder: session.holder ?? null }) : undefined;
  }

  forget(socket: WebSocket): void {
    this.#known.delete(socket);
  }

  #wrap(socket: WebSocket, session: EdgeSession): ClientSocket {
    const pace = new Pace();
    const wrapped: ClientSocket = {
      session,
      remember: () => socket.serializeAttachment(session),
      heard: () => (session.unheard = 0),
      send: (bytes, taken) => {
        session.unheard += bytes.length;
        if (session.unheard > limits.blindTotal) throw new AppError('slow_reader', { detail: `${limits.blindTotal} bytes without a sign of the client. Any message is one; logs resume with ?since=cursor.` });
        if (socket.readyState !== WebSocket.OPEN) return;
        socket.send(isBinary(session) ? bytes : new TextDecoder().decode(bytes));
        pace.count(bytes.length, taken);
      },
      end: (end) => {
        const { text, code, reason } = closingOf(session, end);
        if (text !== null && socket.readyState === WebSocket.OPEN) socket.send(text);
        socket.close(code, reason);
      },
    };
    this.#known.set(socket, wrapped);
    return wrapped;
  }
}
