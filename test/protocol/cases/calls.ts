import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { logPage } from '../../../shared/api/logs.ts';
import { AppError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/protocol/limits.ts';
import { connectAndServe, setScene, type Plane } from './scene.ts';

const never = () => new Promise<never>(() => {});

export function callCases(plane: Plane): void {
  test('a call is answered once, and its result reaches the client', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { act: () => ({ status: 'paused' }) });
    const reply = await plane().request('POST', `/api/v1/apps/${scene.app.slug}/pause`);
    expect(reply).toMatchObject({ status: 200, body: { id: scene.app.id, status: 'paused' } });
    expect(connection.calls('act').map((call) => call.params)).toEqual([{ app: scene.app.id, action: 'pause' }]);
    await connection.close();
  });

  test('log lines come as the executor read them', async () => {
    const scene = await setScene(plane());
    const lines = [{ time: '2026-11-22T18:50:28.123456789Z', stream: 'stderr' as const, text: '<script>alert(1)</script> ü \u0007', cursor: 'c1.x.1', deployment: 'dep_1' }];
    const connection = await connectAndServe(scene, { logs: () => ({ lines }) });
    const page = await plane().expect(200, logPage, plane().request('GET', `/api/v1/apps/${scene.app.slug}/logs?tail=7`));
    expect(page.data).toEqual(lines);
    expect(connection.calls('logs')[0]?.params).toEqual({ app: scene.app.id, tail: 7, filter: { after: null, since: null, until: null, stream: null, search: null, deployment: null } });
    await connection.close();
  });

  describe('the standard input of a command', () => {
    const largest = 1024 * 1024;
    const run = (slug: string, stdin: string) => plane().request('POST', `/api/v1/apps/${slug}/exec`, { body: { cmd: ['cat'], stdin } });

    test.each([
      ['letters', 'x'],
      ['what JSON writes with six characters', '\u0001'],
      ['letters of three bytes', '€'],
    ])('is as large as the documentation says: %s', async (_name, character) => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene, { exec: ({ stdin }) => ({ exit_code: 0, stdout: String(stdin?.length), stderr: '', truncated: false }) });
      expect(await run(scene.app.slug, character.repeat(largest))).toMatchObject({ status: 200, body: { stdout: String(largest) } });
      await connection.close();
    });

    test('and not larger: nothing is run', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene);
      expect(await run(scene.app.slug, 'x'.repeat(largest + 1))).toMatchObject({ status: 422, body: { code: 'too_long', errors: [{ pointer: '/stdin' }] } });
      expect(connection.calls('exec')).toEqual([]);
      await connection.close();
    });
  });

  test.each([
    ['engine_unreachable', 503],
    ['engine_error', 502],
    ['app_not_deployed', 409],
  ] as const)('%s on the host is %s at the client', async (code, status) => {
    const scene = await setScene(plane());
    const refuse = () => {
      throw new AppError(code, { detail: 'what the host says' });
    };
    const connection = await connectAndServe(scene, { act: refuse });
    expect(await plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`)).toMatchObject({ status, body: { code, detail: 'what the host says' } });
    expect(await plane().getApp(scene.app.id)).toMatchObject({ status: 'running' });
    await connection.close();
  });

  test('REL-22 a method that the executor does not know is unsupported_command', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    expect(await plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`)).toMatchObject({ status: 501, body: { code: 'unsupported_command' } });
    await connection.close();
  });

  test('a result of the wrong shape is not believed', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { act: () => ({ status: 'on fire' }) as never });
    expect(await plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`)).toMatchObject({ status: 503, body: { code: 'executor_lost' } });
    expect(await plane().getApp(scene.app.id)).toMatchObject({ status: 'running' });
    expect(connection.isOpen()).toBe(true);
    await connection.close();
  });

  test('an executor that disconnects in mid-call is lost at once', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { act: never });
    const reply = plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`);
    await connection.until((received) => received.find((message) => message.type === 'call'));
    const began = performance.now();
    await connection.cut();
    expect(await reply).toMatchObject({ status: 503, body: { code: 'executor_lost' } });
    expect(performance.now() - began).toBeLessThan(limits.callSilence / 2);
  });

  test('REL-04 a call under way is lost when its executor connects anew', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { act: never });
    const reply = plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`);
    await connection.until((received) => received.find((message) => message.type === 'call'));
    const next = await scene.executor.connect();
    expect(await reply).toMatchObject({ status: 503, body: { code: 'executor_lost' } });
    await next.close();
  });

  test('REL-09 a call to an executor that is away is executor_offline at once, with Retry-After', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    await connection.close();
    await expect.poll(() => plane().getApp(scene.app.id), { timeout: 5_000 }).toMatchObject({ server_status: 'offline', status: 'running' });
    const reply = await plane().request('GET', `/api/v1/apps/${scene.app.slug}/logs`);
    expect(reply).toMatchObject({ status: 503, body: { code: 'executor_offline' } });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('REL-05 a slow call does not hold up the next one', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { act: never, logs: () => ({ lines: [] }) });
    const slow = plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`);
    await connection.until((received) => received.find((message) => message.type === 'call'));
    expect(await plane().request('GET', `/api/v1/apps/${scene.app.slug}/logs`)).toMatchObject({ status: 200 });
    await connection.close();
    expect(await slow).toMatchObject({ status: 503 });
  });

  describe.concurrent('the ten seconds', { timeout: 30_000 }, () => {
    test('an executor that falls silent in a call is executor_lost after 10 s', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene, { act: never });
      const began = performance.now();
      expect(await plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`)).toMatchObject({ status: 503, body: { code: 'executor_lost' } });
      const waited = performance.now() - began;
      expect(waited).toBeGreaterThan(limits.callSilence - 500);
      expect(waited).toBeLessThan(limits.callSilence + 5_000);
      expect(connection.isOpen()).toBe(true);
      await connection.close();
    });

    test('a call that pulses may take as long as it likes', async () => {
      const scene = await setScene(plane());
      const connection = await connectAndServe(scene, {
        act: async (_params, call) => {
          for (let i = 0; i < 3; i++) {
            await sleep(limits.pulseInterval);
            call.pulse();
          }
          return { status: 'running' };
        },
      });
      expect(await plane().request('POST', `/api/v1/apps/${scene.app.slug}/restart`)).toMatchObject({ status: 200 });
      await connection.close();
    });
  });
}
