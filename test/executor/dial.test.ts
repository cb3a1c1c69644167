/** The real link over real sockets, against control planes that fail in every way there is. Only waiting is made up: a clock that passes by itself. */
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { createClock } from '../../executor/clock.ts';
import { Link, type LinkOptions } from '../../executor/link.ts';
import { createLog } from '../../executor/log.ts';
import { Outbox } from '../../executor/outbox.ts';
import { runSession, type Ending, type SessionOptions } from '../../executor/session.ts';
import { defaultHello } from '../support/fake-executor.ts';
import { makeHandlers, makeStreamHandlers } from '../support/handlers.ts';

const welcome = JSON.stringify({ type: 'welcome', protocol: 3, server: 'srv_1', epoch: 1, report_interval: 30 });

const cleanup: (() => void)[] = [];
afterAll(() => {
  for (const clean of cleanup) clean();
});

async function listen(server: Server | NetServer): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers every upgrade with this status. */
function refuseWith(status: number): Promise<string> {
  const server = createHttpServer();
  server.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\n\r\n`));
  return listen(server);
}

/** Takes every upgrade. */
function accept(use: (socket: WebSocket, connection: Socket) => void): Promise<string> {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createHttpServer();
  server.on('upgrade', (request, connection, head) => sockets.handleUpgrade(request, connection, head, (socket) => use(socket, connection as Socket)));
  return listen(server);
}

/** Takes every connection, and does this with it. */
function take(use: (socket: Socket) => void = () => undefined): Promise<string> {
  return listen(createServer(use));
}

function createLink(apiUrl: string, change: Partial<LinkOptions>): Link {
  return new Link({
    apiUrl,
    connectToken: () => Promise.resolve('token'),
    hello: () => Promise.resolve(defaultHello),
    handlers: makeHandlers(),
    streamHandlers: makeStreamHandlers(),
    outbox: new Outbox({ onOutcomeAcknowledged: () => undefined }),
    onWelcome: () => undefined,
    clock: createClock(),
    log: createLog(() => undefined),
    ...change,
  });
}

describe('REL-02 2,000 failures of one kind, each a real dial: not more than one attempt each ten seconds, and each failure waits', () => {
  const kinds: Record<string, { url: () => Promise<string>; reason: RegExp; timing?: Partial<SessionOptions>; longestWait?: number }> = {
    // No server of names is asked for a label that long.
    'the name does not resolve': { url: async () => `http://${'x'.repeat(64)}.invalid`, reason: /ENOTFOUND|EAI_/ },
    'nobody listens': { url: async () => 'http://127.0.0.1:1', reason: /ECONNREFUSED/ },
    'no TLS is spoken': { url: async () => `https://${await refuseWith(404)}`, reason: /SSL|TLS|EPROTO/ },
    'the key is not known (401)': { url: async () => `http://${await refuseWith(401)}`, reason: /^upgrade refused with 401$/, longestWait: 360_000 },
    'there is no such route (404)': { url: async () => `http://${await refuseWith(404)}`, reason: /^upgrade refused with 404$/ },
    'somebody else is preferred (409)': { url: async () => `http://${await refuseWith(409)}`, reason: /^upgrade refused with 409$/ },
    'the upgrade hangs': { url: async () => `http://${await take()}`, reason: /handshake has timed out|no welcome in time/, timing: { helloTimeout: 1 } },
    'the socket closes right after the welcome': {
      url: async () => `http://${await accept((socket) => socket.on('message', () => socket.send(welcome, () => socket.close(1001, 'not today'))))}`,
      reason: /^not today$/,
    },
  };

  it.each(Object.entries(kinds))('%s', { timeout: 180_000 }, async (_name, { url, reason, timing, longestWait = 32_000 }) => {
    const attempts = 2_000;
    const stop = new AbortController();
    const waits: number[] = [];
    const endings: Ending[] = [];
    let now = 0;
    const link = createLink(await url(), {
      now: () => now,
      clock: {
        sleep: async (milliseconds) => {
          now += milliseconds;
          if (waits.push(milliseconds) >= attempts) stop.abort();
        },
      },
      session: async (options) => {
        const ending = await runSession({ ...options, ...timing });
        endings.push(ending);
        return ending;
      },
    });
    const processor = process.cpuUsage();
    await link.run(stop.signal);
    const { user, system } = process.cpuUsage(processor);

    expect(waits).toHaveLength(attempts);
    expect(endings).toHaveLength(attempts);
    expect(endings.filter((ending) => !reason.test(ending.reason))).toEqual([]);
    expect(now / attempts).toBeGreaterThan(10_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(longestWait);
    // What the attempts cost is spread over the hours that they take.
    expect((user + system) / 1_000 / now).toBeLessThan(0.001);
  });
});

describe.concurrent('REL-02 a hang at any step is over within 15 s', { timeout: 40_000 }, () => {
  const forever = () => new Promise<never>(() => undefined);
  const trickle = (socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\n');
    const timer = setInterval(() => socket.write('x-more: and more\r\n'), 500);
    socket.on('close', () => clearInterval(timer));
  };

  const steps: Record<string, { url: () => Promise<string>; change?: Partial<LinkOptions> }> = {
    'the token is not signed': { url: async () => 'http://127.0.0.1:1', change: { connectToken: forever } },
    'the hello is not made': { url: async () => 'http://127.0.0.1:1', change: { hello: forever } },
    'the connection is taken, TLS is not spoken': { url: async () => `https://${await take()}` },
    'the upgrade is not answered': { url: async () => `http://${await take()}` },
    'the answer to the upgrade comes in drops': { url: async () => `http://${await take(trickle)}` },
    'no welcome comes': { url: async () => `http://${await accept(() => undefined)}` },
    'the hub says that it closes, and does not': {
      url: async () => `http://${await accept((socket, connection) => {
        // The close frame as it stands on the wire, and nothing after it.
        socket.removeAllListeners();
        connection.write(Buffer.from([0x88, 2, 0x03, 0xe9]));
      })}`,
    },
  };

  it.for(Object.entries(steps))('%s', async ([, { url, change = {} }], { expect: expectHere }) => {
    const stop = new AbortController();
    const begun = performance.now();
    const waited = Promise.withResolvers<number>();
    const link = createLink(await url(), {
      ...change,
      clock: {
        sleep: async () => {
          waited.resolve(performance.now() - begun);
          stop.abort();
        },
      },
    });
    await link.run(stop.signal);
    expectHere(await waited.promise).toBeLessThan(15_000);
  });
});
