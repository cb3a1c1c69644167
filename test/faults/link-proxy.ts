/**
 * The network between executor and hub: a proxy that knows messages, so that a single one of them can be lost, late, doubled, out of turn or cut. Plain
 * HTTP, such as dialling back, goes through as it is, or fails as it is told to.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import WebSocket, { WebSocketServer } from 'ws';
import { transfersPath } from '../../shared/protocol/transfers.ts';
import { Classifier, type Passing } from './classify.ts';
import type { Effect } from './effects.ts';
import { forward, type TransferFault } from './forward.ts';
import { Lane } from './lane.ts';
import { silence } from './silence.ts';

/** What happens to the first message that matches, once. */
export interface LinkFault {
  effect: Effect;
  matches: (message: Passing) => boolean;
  /** Truncated: the connection breaks in the middle of the message, instead of the message arriving as half of itself. */
  breaks: boolean;
}

export interface LinkProxy {
  /** What the executor takes for the control plane. */
  url: string;
  /** Resolves when the fault has met its message. */
  inject(fault: LinkFault): Promise<void>;
  /** The same for the next request that dials back. */
  injectTransfer(fault: TransferFault): Promise<void>;
  /** Called with every message before it goes on; false keeps it from going. @returns the function that ends it */
  watch(see: (message: Passing) => boolean | void): () => void;
  /** Breaks the connections there are. */
  cut(): void;
  /** Takes back what has not happened yet. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Pings are passed on as well: a connection is as alive as its other end. */
const asTheyAre = { autoPong: false, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 };

export async function openLinkProxy(target: string): Promise<LinkProxy> {
  const watchers = new Set<(message: Passing) => boolean | void>();
  const faults = new Set<LinkFault & { met: () => void }>();
  const transferFaults: { fault: TransferFault; met: () => void }[] = [];
  const silences: (() => Promise<void>)[] = [];
  const pairs = new Set<Pair>();
  const sockets = new WebSocketServer({ ...asTheyAre, noServer: true });

  function decide(message: Passing): Effect | 'break' | 'keep' | null {
    for (const see of watchers) if (see(message) === false) return 'keep';
    const fault = [...faults].find(({ matches }) => matches(message));
    if (fault === undefined) return null;
    faults.delete(fault);
    fault.met();
    return fault.effect === 'truncate' && fault.breaks ? 'break' : fault.effect;
  }

  function connect(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const hub = new WebSocket(target.replace(/^http/, 'ws') + request.url, { ...asTheyAre, headers: { authorization: request.headers.authorization ?? '' } });
    socket.on('error', () => hub.terminate());
    hub.on('error', () => socket.destroy());
    hub.on('unexpected-response', (_request, response) => {
      socket.end(`HTTP/1.1 ${response.statusCode} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      response.resume();
    });
    hub.on('open', () => sockets.handleUpgrade(request, socket, head, (executor) => pairs.add(join(executor, hub, decide, (pair) => pairs.delete(pair)))));
  }

  async function heal(): Promise<void> {
    faults.clear();
    transferFaults.length = 0;
    await Promise.all(silences.splice(0).map((end) => end()));
  }

  const server = createServer((request, response) => {
    const due = request.url?.startsWith(transfersPath) === true ? transferFaults.shift() : undefined;
    due?.met();
    const fall = () => void silence(request.socket).then((end) => silences.push(end));
    forward({ request, response, target, fault: due?.fault ?? null, silence: fall });
  });
  server.on('upgrade', connect);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject: (fault) => new Promise((met) => faults.add({ ...fault, met })),
    injectTransfer: (fault) => new Promise((met) => transferFaults.push({ fault, met })),
    watch(see) {
      watchers.add(see);
      return () => watchers.delete(see);
    },
    cut() {
      for (const pair of pairs) pair.break();
    },
    heal,
    async close() {
      await heal();
      for (const pair of pairs) pair.break();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Pair {
  break(): void;
}

/** Both ends of one connection. Frozen, neither hears anything of the other any more, not even its end. */
function join(executor: WebSocket, hub: WebSocket, decide: (message: Passing) => Effect | 'break' | 'keep' | null, onOver: (pair: Pair) => void): Pair {
  const classifier = new Classifier();
  const state = { isFrozen: false };
  const pair: Pair = {
    break() {
      executor.terminate();
      hub.terminate();
    },
  };
  const freeze = () => void (state.isFrozen = true);
  for (const [from, to, sender] of [[executor, hub, 'executor'], [hub, executor, 'hub']] as const) {
    const lane = new Lane({ to, state, freeze, break: pair.break });
    from.on('message', (data: Buffer, isBinary) => {
      const message = classifier.classify(sender, data, isBinary);
      lane.pass({ data, isBinary }, state.isFrozen ? null : decide(message));
    });
    from.on('ping', (data) => lane.pass({ data, isBinary: true, control: 'ping' }, null));
    from.on('pong', (data) => lane.pass({ data, isBinary: true, control: 'pong' }, null));
    from.on('error', () => undefined);
    from.on('close', (code, reason) => {
      if (executor.readyState === WebSocket.CLOSED && hub.readyState === WebSocket.CLOSED) onOver(pair);
      lane.end(code, reason);
    });
  }
  return pair;
}
