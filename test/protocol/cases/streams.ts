import { describe, expect, test } from 'vitest';
import { limits } from '../../../shared/protocol/limits.ts';
import type { StreamEnd } from '../../../shared/protocol/messages.ts';
import type { Connection } from '../../support/fake-executor.ts';
import type { FakeStream, OnOpen } from '../../support/fake-streams.ts';
import { openSocket, type SocketClient } from '../../support/socket-client.ts';
import { connectAndServe, progress, requestDeploy, setScene, succeeded, type Plane, type Scene } from './scene.ts';

const line = (n: number) => `${JSON.stringify({ time: '2026-11-22T18:50:28.123456789Z', stream: 'stdout', text: `line ${n} ü`, cursor: `c1.x.${n}`, deployment: 'dep_1' })}\n`;
const nothing = { after: null, since: null, until: null, stream: null, search: null, deployment: null };

export function streamCases(plane: Plane): void {
  const follow = (scene: Scene, query = '') => openSocket({ url: plane().url, path: `/api/v1/apps/${scene.app.slug}/logs/stream${query}`, token: plane().credentials.api_key });

  /** A client that follows the log of an app of its own. */
  async function stage(onOpen?: OnOpen): Promise<{ scene: Scene; connection: Connection; client: SocketClient; stream: FakeStream }> {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, {}, onOpen);
    const client = await follow(scene);
    return { scene, connection, client, stream: await connection.until(() => connection.streams[0]) };
  }

  /** Whatever was sent before has been read. */
  const isHeard = async (connection: Connection) => {
    await connection.tell({ kind: 'report', at: Date.now(), engine: 'reachable', apps: [] });
    return connection.isOpen();
  };

  test('a client is connected with a stream of the executor, which gets the window as its first credit', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    const client = await follow(scene, '?since=c1.x.7&stream=stderr&search=Fail&tail=5');
    const stream = await connection.until(() => connection.streams[0]);
    expect(stream).toMatchObject({ kind: 'logs', credit: limits.streamWindow, params: { app: scene.app.id, tail: 5, filter: { ...nothing, after: 'c1.x.7', stream: 'stderr', search: 'Fail' } } });
    await client.close();
    await connection.close();
  });

  test('what the executor sends reaches the client as text, never with a line cut in half', async () => {
    const { connection, client, stream } = await stage();
    const lines = Buffer.from(line(1) + line(2) + line(3));
    const cut = lines.indexOf('ü') + 1;
    stream.write(lines.subarray(0, cut));
    stream.write(lines.subarray(cut, lines.length - 5));
    stream.write(lines.subarray(lines.length - 5));
    await expect.poll(() => client.text()).toBe(line(1) + line(2) + line(3));
    for (const message of client.messages) expect(message).toMatch(/^(\{.+\}\n)+$/);
    await client.close();
    await connection.close();
  });

  test('credit comes back as the client reads: far more than a window goes through', async () => {
    const { connection, client, stream } = await stage();
    const block = line(1).repeat(400);
    const count = Math.ceil((3 * limits.streamWindow) / block.length);
    for (let i = 0; i < count; i++) {
      await connection.until(() => (stream.credit >= block.length ? true : undefined));
      stream.write(block);
    }
    await expect.poll(() => client.text().length, { timeout: 10_000 }).toBe(block.length * count);
    await client.close();
    await connection.close();
  });

  test('a client that goes is told to the executor', async () => {
    const { connection, client, stream } = await stage();
    await client.close();
    expect(await connection.until(() => (stream.isClosed ? true : undefined))).toBe(true);
    await connection.close();
  });

  test('a client that goes without a word, too', async () => {
    const { connection, client, stream } = await stage();
    client.socket.terminate();
    expect(await connection.until(() => (stream.isClosed ? true : undefined))).toBe(true);
    await connection.close();
  });

  const ends: [what: string, end: StreamEnd, code: number, reason: string][] = [
    ['as it should', {}, 1000, ''],
    ['with a conflict', { code: 'app_not_running', message: 'The app is stopped.' }, 4409, 'app_not_running: The app is stopped.'],
    ['without Docker', { code: 'engine_unreachable', message: 'connect ENOENT' }, 4503, 'engine_unreachable: connect ENOENT'],
    ['without a word', { code: 'internal_error' }, 4500, 'internal_error: Something went wrong on our side'],
    ['with more words than fit', { code: 'engine_error', message: 'ü'.repeat(1_000) }, 4502, `engine_error: ${'ü'.repeat(54)}`],
  ];
  test.each(ends)('a stream that ends %s', async (_what, end, code, reason) => {
    const { connection, client, stream } = await stage();
    stream.write(line(1));
    stream.close(end);
    expect(await client.closed).toEqual({ code, reason });
    expect(client.text()).toBe(line(1));
    await connection.close();
  });

  test('a stream that the executor refuses ends before it began', async () => {
    const { connection, client } = await stage((stream) => stream.close({ code: 'app_not_deployed', message: 'no container' }));
    expect(await client.closed).toEqual({ code: 4409, reason: 'app_not_deployed: no container' });
    await connection.close();
  });

  test('an executor that is away, and one that is too old', async () => {
    const scene = await setScene(plane());
    await (await connectAndServe(scene)).close();
    await expect.poll(async () => (await (await follow(scene)).closed).reason, { timeout: 10_000 }).toMatch(/^executor_offline: The executor has been away since \d{4}-/);
    expect((await (await follow(scene)).closed).code).toBe(4503);
    const old = await scene.executor.connect({}, { protocol: 1 });
    expect((await (await follow(scene)).closed).code).toBe(4501);
    expect(old.streams).toEqual([]);
    await old.close();
  });

  test('the log of a deployment that is to come waits for it, ends when it fails, and goes on when it succeeds', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    const [failing, queued] = [await requestDeploy(plane(), scene.app), await requestDeploy(plane(), scene.app)];
    const clients = [await follow(scene, `?deployment=${failing.id}`), await follow(scene, `?deployment=${queued.id}`)] as const;
    const [first, second] = await connection.until(() => (connection.streams.length === 2 ? connection.streams : undefined));
    first?.write(line(1));
    await connection.tell(progress(failing, { phase: 'pull' }));
    await connection.tell(progress(failing, { status: 'cancelled', phase: 'pull' }));
    await connection.until(() => (first?.isInputOver ? true : undefined));
    first?.write(line(2));
    first?.close();
    expect(await clients[0].closed).toEqual({ code: 1000, reason: '' });
    expect(clients[0].text()).toBe(line(1) + line(2));
    await connection.tell(progress(queued, succeeded));
    second?.write(line(3));
    await expect.poll(() => clients[1].text()).toBe(line(3));
    expect(second).toMatchObject({ isInputOver: false, isClosed: false });
    const late = await follow(scene, `?deployment=${failing.id}`);
    const third = await connection.until(() => (connection.streams[2]?.isInputOver ? connection.streams[2] : undefined));
    third.close();
    expect(await late.closed).toEqual({ code: 1000, reason: '' });
    await clients[1].close();
    await connection.close();
  });

  test('REL-11 a link that is cut ends its streams', async () => {
    const { scene, connection, client } = await stage();
    const second = await follow(scene);
    await connection.until(() => connection.streams[1]);
    await connection.cut();
    for (const { closed } of [client, second]) expect(await closed).toMatchObject({ code: 4503, reason: expect.stringMatching(/^executor_lost: /) });
  });

  test('REL-04 a link that is replaced ends the streams of the one before, and no other', async () => {
    const { scene, client } = await stage();
    const newer = await scene.executor.connect();
    expect(await client.closed).toMatchObject({ code: 4503 });
    const again = await follow(scene);
    (await newer.until(() => newer.streams[0])).write(line(1));
    await expect.poll(() => again.text()).toBe(line(1));
    await again.close();
    await newer.close();
  });

  test('REL-05 ten thousand malformed frames close nothing and stall nothing', async () => {
    const { connection, client, stream } = await stage();
    for (let batch = 0; batch < 10; batch++) {
      for (let i = 0; i < 1_000; i++) connection.send(malformedFrame(i));
      expect(await isHeard(connection)).toBe(true);
    }
    stream.write(line(1));
    await expect.poll(() => client.text()).toBe(line(1));
    await client.close();
    await connection.close();
  }, 60_000);

  test('REL-05 a stream that nobody reads is closed, and the others go on', async () => {
    const { connection, client, stream } = await stage();
    const unknown = (stream.id + 1) >>> 0;
    connection.send(Buffer.from([0x10, ...new Uint8Array(new Uint32Array([unknown]).buffer).reverse(), 0x41]));
    connection.send({ type: 'opened', stream: unknown, credit: 1 });
    connection.send({ type: 'close', stream: unknown });
    const closes = await connection.until((received) => {
      const found = received.filter((message) => message.type === 'close' && message.stream === unknown);
      return found.length === 2 ? found : undefined;
    });
    expect(closes).toHaveLength(2);
    stream.write(line(1));
    await expect.poll(() => client.text()).toBe(line(1));
    await client.close();
    await connection.close();
  });

  test('REL-17 an executor that sends more than the window ends its stream, and nothing else', async () => {
    const { scene, connection, client, stream } = await stage();
    const other = await follow(scene);
    const second = await connection.until(() => connection.streams[1]);
    client.socket.pause();
    for (let sent = 0; sent <= limits.streamWindow; sent += limits.streamFrame) stream.write('x'.repeat(limits.streamFrame));
    await connection.until(() => (stream.isClosed ? true : undefined));
    client.socket.resume();
    expect(await client.closed).toEqual({ code: 4503, reason: 'executor_lost: The executor sent more than the stream allows.' });
    second.write(line(2));
    await expect.poll(() => other.text()).toBe(line(2));
    await other.close();
    await connection.close();
  });

  test('REL-17 a reader that stalls holds up neither another stream nor a call; where the host can tell, it gets no credit', async () => {
    const { scene, connection, client, stream } = await stage();
    const other = await follow(scene);
    const second = await connection.until(() => connection.streams[1]);
    client.socket.pause();
    const block = line(1).repeat(400);
    const most = plane().host === 'embedded' ? 32 * 1024 * 1024 : 2 * limits.streamWindow;
    let sent = 0;
    for (let quiet = 0; quiet < 20 && sent < most; quiet++) {
      for (; stream.credit >= block.length; quiet = 0, sent += block.length) stream.write(block);
      expect(await isHeard(connection)).toBe(true);
    }
    expect(sent).toBeLessThan(plane().host === 'embedded' ? most : Infinity);
    second.write(line(2));
    await expect.poll(() => other.text()).toBe(line(2));
    expect((await plane().request('GET', `/api/v1/apps/${scene.app.slug}`)).status).toBe(200);
    client.socket.resume();
    await expect.poll(() => client.text().length, { timeout: 10_000 }).toBe(sent);
    await client.close();
    await other.close();
    await connection.close();
  }, 60_000);

  describe('as server-sent events', () => {
    const listen = async (scene: Scene, headers: Record<string, string> = {}, query = '') => {
      const left = new AbortController();
      const response = await fetch(`${plane().url}/api/v1/apps/${scene.app.slug}/logs/stream${query}`, { headers: { authorization: `Bearer ${plane().credentials.api_key}`, ...headers }, signal: left.signal });
      return { response, leave: () => left.abort() };
    };

    test('each line is an event with its cursor; what was left out is said; the end ends it', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene, {}, (stream) => {
        stream.opened();
        stream.write(line(1) + line(2));
        stream.write('{"dropped":3}\n');
        stream.close();
      });
      const { response } = await listen(scene);
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(await response.text()).toBe(`retry: 3000\n\nid: c1.x.1\ndata: ${line(1)}\nid: c1.x.2\ndata: ${line(2)}\nevent: dropped\ndata: {"dropped":3}\n\n`);
      await connection.close();
    });

    test('REL-18 Last-Event-ID resumes after its line, whatever the address says', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene);
      const { leave } = await listen(scene, { 'last-event-id': 'c1.x.9' }, '?since=15m&tail=2');
      const stream = await connection.until(() => connection.streams[0]);
      expect(stream.params).toEqual({ app: scene.app.id, tail: null, filter: { ...nothing, after: 'c1.x.9' } });
      leave();
      // The next line finds out that nobody reads, if nothing did before.
      await expect.poll(() => (stream.write(line(1)), stream.isClosed)).toBe(true);
      await connection.close();
    });

    test('a failure is the last event', async () => {
      const { scene, connection, client } = await stage();
      const { response } = await listen(scene);
      const stream = await connection.until(() => connection.streams[1]);
      stream.write(line(1));
      stream.close({ code: 'engine_unreachable', message: 'dockerd stopped' });
      expect(await response.text()).toMatch(/event: failure\ndata: \{"code":"engine_unreachable","detail":"dockerd stopped"\}\n\n$/);
      await client.close();
      await connection.close();
    });

    test('what fails before the first event is an answer like any other', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene, {}, (stream) => stream.close({ code: 'app_not_running', message: 'stopped' }));
      const { response } = await listen(scene);
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({ code: 'app_not_running', detail: 'stopped' });
      const wrong = await listen(scene, {}, '?since=yesterday');
      expect(wrong.response.status).toBe(422);
      expect(await wrong.response.json()).toMatchObject({ code: 'invalid_value', errors: [{ pointer: '?since' }] });
      await connection.close();
      await expect.poll(async () => (await listen(scene)).response.status).toBe(503);
    });

    test('of a deployment that is to come they end with its failure', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene);
      const deployment = await requestDeploy(plane(), scene.app);
      const { response } = await listen(scene, {}, `?deployment=${deployment.id}`);
      const stream = await connection.until(() => connection.streams[0]);
      await connection.tell(progress(deployment, { status: 'cancelled', phase: 'pull' }));
      await connection.until(() => (stream.isInputOver ? true : undefined));
      stream.write(line(1));
      stream.close();
      expect(await response.text()).toBe(`retry: 3000\n\nid: c1.x.1\ndata: ${line(1)}\n`);
      await connection.close();
    });

    test('a reader that does not read gets no more than the window and what lies on the way', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene);
      const { response, leave } = await listen(scene);
      const stream = await connection.until(() => connection.streams[0]);
      const block = line(1).repeat(400);
      const most = 64 * 1024 * 1024;
      let sent = 0;
      for (let quiet = 0; quiet < 20 && sent < most; quiet++) {
        for (; stream.credit >= block.length; quiet = 0, sent += block.length) stream.write(block);
        expect(await isHeard(connection)).toBe(true);
      }
      expect(sent).toBeLessThan(most);
      expect(response.status).toBe(200);
      leave();
      await connection.until(() => (stream.isClosed ? true : undefined));
      await connection.close();
    }, 60_000);
  });
}

function malformedFrame(i: number): Buffer {
  const bytes = crypto.getRandomValues(Buffer.alloc(i % 40));
  // Every other one with the right version, so that it gets further in. Kinds 3 to 15 do not exist.
  if (bytes.length > 0) bytes[0] = i % 2 === 0 ? 0x13 + (i % 13) : 0x20;
  return bytes;
}
