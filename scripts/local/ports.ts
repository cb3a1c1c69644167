import { createServer } from 'node:net';

/**
 * A port that nobody listens on, chosen below the range the system hands out by itself (32768 and up on Linux): a port of that range may go to an outgoing
 * connection, or to a program that asks for any, before the one it was found for listens.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isPortFree(port)) return port;
  }
  throw new Error('find free port: a hundred were taken');
}

export async function isPortFree(port: number, host = '0.0.0.0'): Promise<boolean> {
  return (await tryListen(port, host)) !== undefined;
}

function tryListen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
