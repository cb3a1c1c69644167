/** A door in front of the real engine's socket that can be shut: to whoever uses it, the engine is then unreachable. */
import { existsSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

const engineSocket = '/var/run/docker.sock';

export interface EngineGate {
  path: string;
  /** Refuse new connections and cut the open ones. */
  shut(): void;
  open(): Promise<void>;
}

export async function createEngineGate(path: string): Promise<EngineGate> {
  const connections = new Set<Socket>();
  let server: Server | undefined;

  function relay(client: Socket): void {
    const engine = connect(engineSocket);
    for (const [from, to] of [[client, engine], [engine, client]] as const) {
      connections.add(from);
      from.pipe(to);
      // Either end may go at any time; the other follows.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        connections.delete(from);
        to.destroy();
      });
    }
  }

  const gate: EngineGate = {
    path,
    shut: () => {
      server?.close();
      for (const socket of connections) socket.destroy();
      if (existsSync(path)) rmSync(path);
    },
    open: () =>
      new Promise((resolve, reject) => {
        // Half-open, as the engine's own socket: a client ends its side of a connection before the answer is whole.
        server = createServer({ allowHalfOpen: true }, relay);
        server.on('error', reject);
        server.listen(path, resolve);
      }),
  };
  await gate.open();
  return gate;
}
