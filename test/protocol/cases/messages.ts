import { expect, test } from 'vitest';
import { limits } from '../../../shared/protocol/limits.ts';
import { protocolVersion } from '../../../shared/protocol/messages.ts';
import { enrolExecutor, type Connection } from '../../support/fake-executor.ts';
import { nonsense } from '../../support/nonsense.ts';
import { residentMegabytes } from '../../support/resident-memory.ts';
import { connectAndServe, setScene, type Plane } from './scene.ts';

export function messageCases(plane: Plane): void {
  /** Whatever was sent before has been read, and the hub still listens: it acknowledges. */
  const settle = (connection: Connection) => connection.tell({ kind: 'report', at: Date.now(), engine: 'reachable', apps: [] });

  test('REL-05 after 100,000 malformed messages and frames the connection is there, a call is answered, and the memory is as before', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { logs: () => ({ lines: [] }) });
    const send = async (count: number) => {
      for (let i = 0; i < count; i++) {
        connection.send(nonsense[i % nonsense.length] ?? '');
        if (i % 2_000 === 1_999) await settle(connection);
      }
    };
    // What the first ones cost is the runtime's, which makes itself comfortable.
    await send(60_000);
    const before = await residentMegabytes(plane());
    await send(40_000);
    expect(await plane().request('GET', `/api/v1/apps/${scene.app.slug}/logs`)).toMatchObject({ status: 200, body: { data: [] } });
    expect((await residentMegabytes(plane())) - before).toBeLessThan(64);
    expect(connection.isOpen()).toBe(true);
    await connection.close();
  }, 300_000);

  test('REL-05 garbage bytes, as text and as binary, close nothing', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    for (let length = 0; length < 500; length++) {
      const bytes = crypto.getRandomValues(Buffer.alloc(length));
      connection.send(bytes);
      connection.send(bytes.toString('latin1'));
    }
    await settle(connection);
    expect(connection.isOpen()).toBe(true);
    await connection.close();
  });

  test('REL-05 a message longer than the limit is dropped, the connection stays', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    connection.send(`{"type":"pulse","id":"${'x'.repeat(limits.messageLength)}"}`);
    await settle(connection);
    expect(connection.isOpen()).toBe(true);
    await connection.close();
  });

  test('REL-05 an answer to a call that nobody made is dropped', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    connection.send({ type: 'ok', id: crypto.randomUUID(), result: {} });
    connection.send({ type: 'err', id: crypto.randomUUID(), code: 'internal_error', message: 'x' });
    connection.send({ type: 'pulse', id: crypto.randomUUID() });
    await settle(connection);
    expect(connection.isOpen()).toBe(true);
    await connection.close();
  });

  test('a second hello on the same connection is answered again', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    await settle(connection);
    expect(connection.isOpen()).toBe(true);
    const { welcome } = connection;
    connection.send(JSON.stringify({ type: 'hello', protocol: protocolVersion, version: '0.1.0', capabilities: [], engine: null, ingress: { scheme: 'http', port: 80 }, deployments: [] }));
    const again = await connection.until((received) => received.filter((message) => message.type === 'welcome')[1]);
    expect(again).toEqual(welcome);
    await connection.close();
  });
}
