/** HTTP upgrades that wait for the application's word: what it takes becomes a WebSocket, what it does not is answered as plain HTTP. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { Sockets } from '../services/ports.ts';
import { chooseSubprotocol } from '../services/subprotocols.ts';

export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  isTaken: boolean;
}

export interface Upgrades extends Sockets {
  /** Let `take` find the upgrade behind a request. */
  offer(request: Request, upgrade: Upgrade): void;
  /** Of the connection; undefined for a request that is no upgrade. */
  remoteAddressOf(request: Request): string | undefined;
  /** @throws AppError upgrade_required */
  take(request: Request, whose: 'executor' | 'client', use: (socket: WebSocket) => void): Response;
  close(): void;
}

export function createUpgrades(): Upgrades {
  const upgrades = new WeakMap<Request, Upgrade>();
  const open = (maxPayload: number) =>
    new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false, handleProtocols: (offered) => chooseSubprotocol([...offered]) ?? false });
  const servers = { executor: open(limits.frameLength), client: open(limits.clientMessage) };

  const take: Upgrades['take'] = (request, whose, use) => {
    const upgrade = upgrades.get(request);
    if (upgrade === undefined) throw new AppError('upgrade_required');
    upgrade.isTaken = true;
    servers[whose].handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (socket) => {
      // `close` follows and tells whoever uses it; without a listener the process would end.
      socket.on('error', () => undefined);
      use(socket);
    });
    return new Response(null);
  };

  return {
    offer: (request, upgrade) => upgrades.set(request, upgrade),
    remoteAddressOf: (request) => upgrades.get(request)?.request.socket.remoteAddress,
    take,
    refuse: async (request, code, reason) => (upgrades.has(request) ? take(request, 'client', (socket) => socket.close(code, reason)) : null),
    close: () => {
      for (const server of Object.values(servers)) {
        for (const socket of server.clients) socket.close(1012, 'the control plane restarts');
        server.close();
      }
    },
  };
}
