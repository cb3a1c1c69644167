import { expect, test } from 'vitest';
import { limits } from '../../../shared/protocol/limits.ts';
import { protocolVersion } from '../../../shared/protocol/messages.ts';
import { enrolExecutor, type Connection } from '../../support/fake-executor.ts';
import type { Plane } from './scene.ts';

/** Messages that are wrong, each in its own way. */
const malformed: string[] = [
  '', ' ', '{', '}', 'null', 'true', '0', '[]', '{}', '"hello"', '\u0000', '\ud800', '{"type":null}', '{"type":"nonsense"}', '{"type":"welcome"}', '{"type":"constructor"}',
  '{"__proto__":{"type":"pulse"}}', '{"type":"ok"}', '{"type":"ok","id":""}', '{"type":"pulse","id":"unknown","more":1}', '{"type":"err","id":"x","code":"no_such_code","message":""}',
  '{"type":"event","seq":0,"event":{}}', '{"type":"event","seq":-1}', '{"type":"event","seq":1e400}', '{"type":"event","seq":1,"event":{"kind":"status"}}',
  '{"type":"event","seq":1,"event":{"kind":"report","at":1,"engine":"reachable","apps":[null]}}', '{"type":"hello"}', '{"type":"hello","protocol":0}',
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`, `{"type":"${'x'.repeat(10_000)}"}`,
];

export function messageCases(plane: Plane): void {
  /** Whatever was sent before has been read, and the hub still listens. */
  const isHeard = async (connection: Connection) => {
    await connection.tell({ kind: 'report', at: Date.now(), engine: 'reachable', apps: [] });
    return connection.isOpen();
  };

  test('REL-05 thousands of malformed messages close nothing and stall nothing', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    for (let round = 0; round < 100; round++) for (const text of malformed) connection.send(text);
    expect(await isHeard(connection)).toBe(true);
    await connection.close();
  }, 60_000);

  test('REL-05 garbage bytes, as text and as binary, close nothing', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    for (let length = 0; length < 500; length++) {
      const bytes = crypto.getRandomValues(Buffer.alloc(length));
      connection.send(bytes);
      connection.send(bytes.toString('latin1'));
    }
    expect(await isHeard(connection)).toBe(true);
    await connection.close();
  });

  test('REL-05 a message longer than the limit is dropped, the connection stays', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    connection.send(`{"type":"pulse","id":"${'x'.repeat(limits.messageLength)}"}`);
    expect(await isHeard(connection)).toBe(true);
    await connection.close();
  });

  test('REL-05 an answer to a call that nobody made is dropped', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    connection.send({ type: 'ok', id: crypto.randomUUID(), result: {} });
    connection.send({ type: 'err', id: crypto.randomUUID(), code: 'internal_error', message: 'x' });
    connection.send({ type: 'pulse', id: crypto.randomUUID() });
    expect(await isHeard(connection)).toBe(true);
    await connection.close();
  });

  test('a second hello on the same connection is answered again', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    expect(await isHeard(connection)).toBe(true);
    const { welcome } = connection;
    connection.send(JSON.stringify({ type: 'hello', protocol: protocolVersion, version: '0.1.0', capabilities: [], engine: null, ingress: { scheme: 'http', port: 80 }, deployments: [] }));
    const again = await connection.until((received) => received.filter((message) => message.type === 'welcome')[1]);
    expect(again).toEqual(welcome);
    await connection.close();
  });
}
