/** A door in front of the real engine's socket that can be shut: to whoever uses it, the engine is then unreachable. */
import { existsSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

const engineSocket = '/var/run/docker.sock';

export interface EngineGate {
  path: string;
  /** Refuse new connections and cut the open ones. */
  shut(): void;
  open(): Promise<void>;
  /** Keep requests back whose head, without the version of the API, matches: to whoever sent them, the engine hangs. */
  hold(head: RegExp): HeldRequests;
}

export interface HeldRequests {
  /** Resolves when there is one. */
  first: Promise<void>;
  /** Hand them, and all to come, to the engine after all. */
  release(): void;
  /** End their connections, and those of all to come. */
  cut(): void;
}

export async function createEngineGate(path: string): Promise<EngineGate> {
  const connections = new Set<Socket>();
  const holds = new Set<Hold>();
  let server: Server | undefined;

  function relay(client: Socket): void {
    const engine = connect(engineSocket);
    const requests = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const request = chunk.toString('latin1').replace(/^(\w+) \/v[\d.]+\//, '$1 /');
        const hold = [...holds].find(({ head }) => head.test(request));
        const pass = () => done(null, chunk);
        if (hold === undefined) pass();
        else hold.take({ pass, cut: () => client.destroy() });
      },
    });
    client.pipe(requests).pipe(engine);
    engine.pipe(client);
    for (const [from, to] of [[client, engine], [engine, client]] as const) {
      connections.add(from);
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
    hold: (head) => {
      const { promise: first, resolve } = Promise.withResolvers<void>();
      const turns: Turn[] = [];
      const held = { head, take: (turn: Turn) => resolve(void turns.push(turn)) };
      holds.add(held);
      return {
        first,
        release() {
          holds.delete(held);
          for (const { pass } of turns.splice(0)) pass();
        },
        cut() {
          held.take = ({ cut }) => cut();
          for (const { cut } of turns) cut();
        },
      };
    },
  };
  await gate.open();
  return gate;
}

interface Hold {
  head: RegExp;
  take: (turn: Turn) => void;
}

/** A request that is kept back. */
interface Turn {
  pass: () => void;
  cut: () => void;
}
