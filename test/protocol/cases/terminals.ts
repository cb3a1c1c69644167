import { expect, test } from 'vitest';
import { eventPage } from '../../../shared/api/events.ts';
import { limits } from '../../../shared/protocol/limits.ts';
import type { Connection } from '../../support/fake-executor.ts';
import type { FakeStream, OnOpen } from '../../support/fake-streams.ts';
import { openSocket, type SocketClient } from '../../support/socket-client.ts';
import { connectAndServe, setScene, type Plane, type Scene } from './scene.ts';

const control = ['dockup.exec.v1'];

export function terminalCases(plane: Plane): void {
  async function stage({ query = '', protocols = [], onOpen }: { query?: string; protocols?: string[]; onOpen?: OnOpen } = {}): Promise<{ scene: Scene; connection: Connection; client: SocketClient; stream: FakeStream }> {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, {}, onOpen);
    const client = await openSocket({ url: plane().url, path: `/api/v1/apps/${scene.app.slug}/exec${query}`, token: plane().credentials.api_key, protocols });
    return { scene, connection, client, stream: await connection.until(() => connection.streams[0]) };
  }

  const end = async ({ connection, client }: { connection: Connection; client: SocketClient }) => {
    await client.close();
    await connection.close();
  };

  test.each([
    ['', { cmd: ['/bin/sh'], cols: 80, rows: 24, idle_timeout: 900 }],
    ['?cmd=/bin/bash&cols=120&rows=40&idle_timeout=5', { cmd: ['/bin/bash'], cols: 120, rows: 40, idle_timeout: 5 }],
    ['?cmd=sh&cmd=-c&cmd=echo+%24HOME%3B+reboot', { cmd: ['sh', '-c', 'echo $HOME; reboot'], cols: 80, rows: 24, idle_timeout: 900 }],
  ])('exec%s asks for that command', async (query, params) => {
    const staged = await stage({ query });
    expect(staged.stream).toMatchObject({ kind: 'exec', params: { app: staged.scene.app.id, ...params } });
    await end(staged);
  });

  const eventsOf = async ({ app }: Scene) => (await plane().expect(200, eventPage, plane().request('GET', `/api/v1/apps/${app.slug}/events?type=app.exec`))).data;

  test('who opened a terminal is an event of the app: with the program alone, its arguments may hold secrets', async () => {
    const staged = await stage({ query: '?cmd=/bin/sh&cmd=-c&cmd=login+hunter2' });
    const events = await eventsOf(staged.scene);
    expect(events).toMatchObject([{ type: 'app.exec', actor: expect.stringMatching(/^usr_/), message: 'opened a terminal with /bin/sh', data: { program: '/bin/sh', terminal: true } }]);
    expect(JSON.stringify(events)).not.toContain('hunter2');
    await end(staged);
  });

  test('a terminal on a host that is away is refused, and is no event', async () => {
    const scene = await setScene(plane());
    await (await connectAndServe(scene)).close();
    const client = await openSocket({ url: plane().url, path: `/api/v1/apps/${scene.app.slug}/exec`, token: plane().credentials.api_key });
    expect(await client.closed).toMatchObject({ code: 4503, reason: expect.stringMatching(/^executor_offline: /) });
    expect(await eventsOf(scene)).toEqual([]);
  });

  test.each(['?cmd=ls+-la', '?cmd=', '?cols=0', '?rows=1001', '?idle_timeout=0', '?shell=1'])('exec%s is refused, and nothing is sent', async (query) => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    const client = await openSocket({ url: plane().url, path: `/api/v1/apps/${scene.app.slug}/exec${query}`, token: plane().credentials.api_key });
    expect((await client.closed).code).toBe(4422);
    expect(connection.streams).toEqual([]);
    expect(await eventsOf(scene)).toEqual([]);
    await connection.close();
  });

  test('a plain GET is told to use a WebSocket', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    expect(await plane().request('GET', `/api/v1/apps/${scene.app.slug}/exec`)).toMatchObject({ status: 426, body: { code: 'upgrade_required' } });
    expect(connection.streams).toEqual([]);
    await connection.close();
  });

  test('REL-19 bytes go both ways as they are', async () => {
    const staged = await stage();
    const bytes = Buffer.from(Array.from({ length: 512 }, (_nothing, i) => i % 256));
    staged.client.send(bytes);
    await staged.connection.until(() => (staged.stream.input.length === bytes.length ? true : undefined));
    expect(staged.stream.input).toEqual(bytes);
    staged.stream.write(bytes);
    await expect.poll(() => staged.client.messages).toEqual([bytes]);
    await end(staged);
  });

  test('a keystroke that starts with { is a keystroke: text is input like any other', async () => {
    const staged = await stage();
    expect(staged.client.socket.protocol).toBe('');
    const typed = '{"type":"resize","cols":1,"rows":1}';
    staged.client.send(typed);
    staged.client.send('ü');
    await staged.connection.until(() => (staged.stream.input.toString() === `${typed}ü` ? true : undefined));
    expect(staged.stream.sizes).toEqual([]);
    await end(staged);
  });

  test('with dockup.exec.v1 text messages are control messages', async () => {
    const staged = await stage({ protocols: control });
    expect(staged.client.socket.protocol).toBe('dockup.exec.v1');
    staged.client.send('{"type":"resize","cols":120,"rows":40}');
    staged.client.send(Buffer.from('ls\n'));
    staged.client.send('{"type":"eof"}');
    await staged.connection.until(() => (staged.stream.isInputOver ? true : undefined));
    expect(staged.stream.sizes).toEqual([{ cols: 120, rows: 40 }]);
    expect(staged.stream.input.toString()).toBe('ls\n');
    await end(staged);
  });

  test.each(['ls\n', '{"type":"resize","cols":0,"rows":1}', '{"type":"shout"}', '{"type":"eof","more":1}'])('and %j is none: the socket says so, and the command is ended', async (text) => {
    const { client, connection, stream } = await stage({ protocols: control });
    client.send(text);
    expect(await client.closed).toMatchObject({ code: 4422, reason: expect.stringMatching(/^invalid_value: /) });
    await connection.until(() => (stream.isClosed ? true : undefined));
    expect(stream.input).toHaveLength(0);
    await connection.close();
  });

  test('REL-19 the exit code is the last message', async () => {
    const { client, connection, stream } = await stage();
    stream.write('bye\r\n');
    stream.close({ exit_code: 137 });
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(client.messages).toEqual([Buffer.from('bye\r\n'), '{"type":"exit","exit_code":137}']);
    await connection.close();
  });

  test('input waits for the credit of the executor, in order', async () => {
    const staged = await stage({ onOpen: (stream) => stream.opened(10) });
    staged.client.send('0123456789');
    staged.client.send('abcdefghij');
    await staged.connection.until(() => (staged.stream.input.length === 10 ? true : undefined));
    staged.stream.allow(4);
    await staged.connection.until(() => (staged.stream.input.length === 14 ? true : undefined));
    staged.stream.allow(100);
    await staged.connection.until(() => (staged.stream.input.length === 20 ? true : undefined));
    expect(staged.stream.input.toString()).toBe('0123456789abcdefghij');
    await end(staged);
  });

  test('REL-17 input that nobody takes is kept up to a limit, then the socket is closed', async () => {
    const { client, connection, stream } = await stage({ onOpen: (stream) => stream.opened(0) });
    for (let sent = 0; sent <= limits.streamWindow; sent += 32_768) client.send(Buffer.alloc(32_768));
    expect(await client.closed).toMatchObject({ code: 4429, reason: expect.stringMatching(/^slow_reader: /) });
    await connection.until(() => (stream.isClosed ? true : undefined));
    expect(stream.input).toHaveLength(0);
    await connection.close();
  });
}
