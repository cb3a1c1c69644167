/** Commands in a running container, asked for over the API and on a terminal. */
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventPage } from '../../shared/api/events.ts';
import { execResult } from '../../shared/api/exec.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { labels } from '../../shared/names.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { ensureImages, images } from '../support/images.ts';
import { openSocket, type SocketClient } from '../support/socket-client.ts';

const docker = new Docker();

describe('commands in an app', () => {
  let dockup: Dockup;
  /** API key of somebody who has nothing to do with the app. */
  let stranger: string;

  beforeAll(async () => {
    await ensureImages();
    dockup = await startDockup({ host: inject('host') });
    const { id } = await dockup.createProject();
    await dockup.createApp(id, { name: 'shop', slug: 'shop', image: images.busybox, internal_port: 80 });
    await dockup.createApp(id, { name: 'draft', slug: 'draft', image: images.busybox, internal_port: 80 });
    await dockup.deploy('shop');
    const account = { email: 'bob@example.com', password: 'twelve-characters' };
    await dockup.request('POST', '/api/v1/users', { body: account });
    const { body } = await dockup.request('POST', '/api/v1/auth/login', { body: account, token: null });
    stranger = String((body as { token: unknown }).token);
  });
  afterAll(() => dockup?.stop());

  const post = (body: object, slug = 'shop', token?: string | null) => dockup.request('POST', `/api/v1/apps/${slug}/exec`, { body, ...(token !== undefined && { token }) });
  const run = (cmd: string[], more: object = {}) => dockup.expect(200, execResult, post({ cmd, ...more }));
  const events = async () => (await dockup.expect(200, eventPage, dockup.request('GET', '/api/v1/apps/shop/events?limit=200'))).data.filter(({ type }) => type === 'app.exec');

  /** Command lines of the processes in the app's container that hold the text. */
  async function processes(text: string): Promise<string[]> {
    const [container] = await docker.listContainers({ filters: { label: [`${labels.server}=${dockup.serverId}`, `${labels.role}=app`] } });
    const top: { Processes: string[][] } = await docker.getContainer(container?.Id ?? '').top();
    return top.Processes.map((row) => row.join(' ')).filter((line) => line.includes(text));
  }
  const expectProcesses = (text: string) => expect.poll(() => processes(text).then((found) => found.length), { timeout: 20_000, interval: 100 });

  const query = (cmd: string[], token = dockup.credentials.api_key) => [['token', token], ...cmd.map((argument) => ['cmd', argument])].map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`).join('&');
  const connect = (cmd: string[], protocols: string[] = ['dockup.exec.v1']): Promise<SocketClient> => openSocket({ url: dockup.url, path: `/api/v1/apps/shop/exec?${query(cmd)}`, protocols });
  const output = (client: SocketClient) => Buffer.concat(client.messages.filter((message) => Buffer.isBuffer(message)));
  const expectOutput = (client: SocketClient) => expect.poll(() => output(client).toString(), { timeout: 20_000, interval: 20 });

  describe('POST /apps/{appId}/exec', () => {
    test('answers the exact exit code and what was written, kept apart', async () => {
      expect(await run(['sh', '-c', 'echo out; echo wrong >&2; exit 42'])).toEqual({ exit_code: 42, stdout: 'out\n', stderr: 'wrong\n', truncated: false });
      expect(await run(['sh', '-c', 'kill -9 $$'])).toMatchObject({ exit_code: 137 });
    });

    test('hands over the arguments and the input as they are', async () => {
      expect(await run(['printf', '%s', '$(id); `id` "quoted"'])).toMatchObject({ stdout: '$(id); `id` "quoted"' });
      expect(await run(['cat'], { stdin: 'line ü\n' })).toMatchObject({ exit_code: 0, stdout: 'line ü\n' });
    });

    test('keeps the end of a long output', async () => {
      const { stdout, truncated } = await run(['sh', '-c', '/bin/busybox yes 0123456 | /bin/busybox head -c 3000000; echo; echo the end']);
      expect({ length: stdout.length, truncated, end: stdout.slice(-8) }).toEqual({ length: limits.execOutput, truncated: true, end: 'the end\n' });
    });

    test('ends a command whose time is up, and answers what it wrote', async () => {
      expect(await post({ cmd: ['sh', '-c', 'echo begun; echo slow >&2; exec sleep 4811'], timeout: 2 })).toMatchObject({
        status: 504,
        body: { code: 'deadline_exceeded', detail: expect.stringContaining('2 s'), stdout: 'begun\n', stderr: 'slow\n', truncated: false },
      });
      expect(await processes('sleep 4811')).toEqual([]);
    });

    test('ends a command whose client has gone; on the edge, which does not hear of that, with its time', async () => {
      const timeout = dockup.host === 'edge' ? 3 : 60;
      const client = new AbortController();
      const asked = fetch(`${dockup.url}/api/v1/apps/shop/exec`, {
        method: 'POST',
        headers: { authorization: `Bearer ${dockup.credentials.api_key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ cmd: ['sleep', '4812'], timeout }),
        signal: client.signal,
      });
      asked.catch(() => undefined);
      await expectProcesses('sleep 4812').toBe(1);
      client.abort();
      await expectProcesses('sleep 4812').toBe(0);
    });

    test.each<[string, string, object, number, string]>([
      ['a program that is not there', 'shop', { cmd: ['nonesuch'] }, 422, 'exec_failed'],
      ['an app that was never deployed', 'draft', { cmd: ['true'] }, 409, 'app_not_deployed'],
      ['an app that nobody has', 'nowhere', { cmd: ['true'] }, 404, 'app_not_found'],
      ['a command as a text', 'shop', { cmd: 'true' }, 422, 'wrong_type'],
      ['no command', 'shop', { cmd: [] }, 422, 'too_short'],
      ['more than an hour', 'shop', { cmd: ['true'], timeout: 4000 }, 422, 'out_of_range'],
    ])('refuses %s', async (_name, slug, body, status, code) => {
      expect(await post(body, slug)).toMatchObject({ status, body: { code } });
      // No other test runs these programs.
      expect((await events()).map(({ data }) => data['program']).filter((program) => program === 'true' || program === 'nonesuch')).toEqual([]);
    });

    test('refuses a stranger and nobody, and runs nothing for them', async () => {
      const touch = { cmd: ['/bin/busybox', 'touch', '/tmp/canary'] };
      expect(await post(touch, 'shop', stranger)).toMatchObject({ status: 404, body: { code: 'app_not_found' } });
      expect(await post(touch, 'shop', null)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(await run(['/bin/busybox', 'ls', '/tmp/canary'])).toMatchObject({ exit_code: 1 });
    });

    test('is an event with who ran what, without arguments, which may hold secrets (SEC-11)', async () => {
      await run(['echo', 'hunter2-in-argument'], { stdin: 'hunter2-in-input' });
      const [newest] = await events();
      expect(newest).toMatchObject({ type: 'app.exec', data: { program: 'echo' } });
      expect(JSON.stringify(newest) + (await dockup.logs())).not.toContain('hunter2');
    });
  });

  describe('WS /apps/{appId}/exec', () => {
    test('is a terminal: a conversation, a size that changes, and the exit code before the close', async () => {
      const client = await connect(['sh']);
      expect(client.socket.protocol).toBe('dockup.exec.v1');
      client.send(Buffer.from('/bin/busybox stty size; echo $((40 + 2))\n'));
      await expectOutput(client).toMatch(/24 80\r\n42\r\n/);
      client.send(JSON.stringify({ type: 'resize', cols: 132, rows: 43 }));
      client.send(Buffer.from('sleep 0.5; /bin/busybox stty size\n'));
      await expectOutput(client).toContain('43 132\r\n');
      client.send(Buffer.from('exit 42\n'));
      expect(await client.closed).toEqual({ code: 1000, reason: '' });
      expect(client.messages.at(-1)).toBe('{"type":"exit","exit_code":42}');
    });

    test('works word for word as the seed has it, without a subprotocol: text is typed in', async () => {
      const client = await openSocket({ url: dockup.url, path: `/api/v1/apps/shop/exec?token=${dockup.credentials.api_key}&cmd=/bin/sh` });
      client.send('echo {typed}\nexit 3\n');
      expect(await client.closed).toMatchObject({ code: 1000 });
      expect(client.text()).toContain('\r\n{typed}\r\n');
      expect(client.messages.at(-1)).toBe('{"type":"exit","exit_code":3}');
    });

    test('carries all 256 byte values both ways', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
      const client = await connect(['sh', '-c', '/bin/busybox stty raw -echo; echo ready; exec cat']);
      await expectOutput(client).toContain('ready\n');
      const begin = output(client).length;
      client.send(bytes);
      for (const byte of bytes) client.send(Buffer.of(byte));
      await expect.poll(() => output(client).length, { timeout: 20_000 }).toBe(begin + 512);
      expect(output(client).subarray(begin)).toEqual(Buffer.concat([bytes, bytes]));
      await client.close();
    });

    test('REL-19 ends its processes when the client goes', async () => {
      const client = await connect(['sh', '-c', 'sleep 4813 & sleep 4813']);
      await expectProcesses('sleep 4813').toBeGreaterThan(1);
      client.socket.terminate();
      await expectProcesses('sleep 4813').toBe(0);
    });

    test.each<[string, () => string, number, string]>([
      ['no token', () => '/api/v1/apps/shop/exec?cmd=/bin/sh', 4401, 'unauthenticated'],
      ['a token nobody has', () => `/api/v1/apps/shop/exec?${query([], `dkp_${'0'.repeat(48)}`)}`, 4401, 'invalid_token'],
      ['an app of somebody else', () => `/api/v1/apps/shop/exec?${query([], stranger)}`, 4404, 'app_not_found'],
      ['an app nobody has', () => `/api/v1/apps/nowhere/exec?${query([])}`, 4404, 'app_not_found'],
      ['an app that was never deployed', () => `/api/v1/apps/draft/exec?${query([])}`, 4409, 'app_not_deployed'],
      ['a program that is not there', () => `/api/v1/apps/shop/exec?${query(['nonesuch'])}`, 4422, 'exec_failed'],
    ])('says why it closes: %s', async (_name, path, code, reason) => {
      const client = await openSocket({ url: dockup.url, path: path() });
      expect(await client.closed).toEqual({ code, reason: expect.stringContaining(reason) });
    });

    test('refuses a message that is none of the subprotocol', async () => {
      const client = await connect(['sh']);
      client.send('echo typed as text\n');
      expect(await client.closed).toMatchObject({ code: 4422, reason: expect.stringContaining('invalid_value') });
    });
  });

  test('a stopped app has no commands, by either door', async () => {
    expect(await dockup.request('POST', '/api/v1/apps/shop/stop')).toMatchObject({ status: 200 });
    expect(await post({ cmd: ['true'] })).toMatchObject({ status: 409, body: { code: 'app_not_running' } });
    const client = await connect(['sh']);
    expect(await client.closed).toMatchObject({ code: 4409, reason: expect.stringContaining('app_not_running') });
  });
});
