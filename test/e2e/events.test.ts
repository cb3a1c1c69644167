/** What happens to an app is told: by whom, why, and while it happens. */
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { session } from '../../shared/api/auth.ts';
import { problem } from '../../shared/api/common.ts';
import { event, eventPage, type Event } from '../../shared/api/events.ts';
import { labels } from '../../shared/names.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { openEventSource, type EventSource } from '../support/event-source.ts';
import { images } from '../support/images.ts';

const docker = new Docker();

describe('the events of an app', () => {
  let dockup: Dockup;
  let projectId: string;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    projectId = (await dockup.createProject()).id;
  });
  afterAll(() => dockup.stop());

  async function makeApp(slug: string, fields: Record<string, unknown> = {}): Promise<void> {
    await dockup.createApp(projectId, { name: slug, slug, image: images.busybox, ...fields });
  }
  const list = async (slug: string, query = ''): Promise<Event[]> => (await dockup.expect(200, eventPage, dockup.request('GET', `/api/v1/apps/${slug}/events${query}`))).data;
  const follow = (slug: string, lastEventId?: string) =>
    openEventSource({ url: `${dockup.url}/api/v1/apps/${slug}/events/stream`, token: dockup.credentials.api_key, ...(lastEventId !== undefined && { lastEventId }) });
  const containerOf = async (slug: string) => {
    const { id } = await dockup.getApp(slug);
    const [found] = await docker.listContainers({ all: true, filters: { label: [`${labels.server}=${dockup.serverId}`, `${labels.app}=${id}`] } });
    return docker.getContainer(found?.Id ?? '');
  };
  const until = async (source: EventSource, isIt: (told: Event) => boolean): Promise<Event[]> => {
    const told: Event[] = [];
    do told.push(event.parse((await source.next())?.data));
    while (!isIt(told.at(-1)!));
    return told;
  };

  test('are told while they happen, each once, with who did it and why; and the list says the same', async () => {
    await makeApp('told');
    const source = await follow('told');
    await dockup.deploy('told');
    await until(source, ({ type, data }) => type === 'app.status' && data['status'] === 'running');
    await dockup.request('POST', '/api/v1/apps/told/stop');
    await until(source, ({ type }) => type === 'app.stop');
    source.leave();

    const newestFirst = await list('told');
    expect(new Set(newestFirst.map(({ id }) => id)).size).toBe(newestFirst.length);
    const types = newestFirst.map(({ type }) => type).reverse();
    expect(types.slice(0, 2)).toEqual(['app.created', 'deployment.requested']);
    expect(types).toContain('deployment.succeeded');
    const [stopped] = await list('told', '?type=app.stop&limit=1');
    expect(stopped).toMatchObject({ actor: expect.stringMatching(/^usr_/) });
    const statuses = (await list('told', '?type=app.status')).map(({ data }) => [data['previous'], data['status']]).reverse();
    expect(statuses).toEqual([['created', 'starting'], ['starting', 'running'], ['running', 'stopped']]);
    expect((await list('told', '?type=deployment')).every(({ type }) => type.startsWith('deployment.'))).toBe(true);

    const resumed = await follow('told', newestFirst.at(-1)?.id);
    const again: Event[] = [];
    while (again.length < newestFirst.length - 1) again.push(event.parse((await resumed.next())?.data));
    resumed.leave();
    // Told as they were written; two that happened at once may have been written the other way round than their ids say.
    expect(again.sort((a, b) => (a.id < b.id ? 1 : -1))).toEqual(newestFirst.slice(0, -1));
  });

  test('a status follows the engine within 2 s, with the reason: what was killed, and what was removed behind our back', async () => {
    await makeApp('victim');
    await dockup.deploy('victim');
    const began = Date.now();
    const container = await containerOf('victim');
    const follows = async (change: string, told: { status: string; status_reason: string | null }) => {
      await expect.poll(() => dockup.getApp('victim'), { timeout: 30_000 }).toMatchObject(told);
      const [newest] = await list('victim', '?type=app.status&limit=1');
      expect(newest).toMatchObject({ actor: 'system', data: { status: told.status, reason: told.status_reason } });
      // By the clock of the engine, so that a test that looks late is not taken for a status that comes late.
      expect(Date.parse(newest?.created_at ?? '') - (await timeOf(container.id, change, began))).toBeLessThan(2_000);
    };
    await container.kill();
    await follows('die', { status: 'stopped', status_reason: 'stopped outside Dockup, exit code 137' });
    expect((await dockup.request('POST', '/api/v1/apps/victim/start')).status).toBe(200);
    await follows('start', { status: 'running', status_reason: null });
    await container.remove({ force: true });
    await follows('destroy', { status: 'stopped', status_reason: 'its container is gone: it was removed outside Dockup' });
  });

  test('REL-14 an app whose first deployment fails says why it is down', async () => {
    await makeApp('stillborn', { env: { EXIT_CODE: '3' } });
    const { deployment } = await dockup.deployBadly('stillborn');
    const reason = `its deployment failed: ${deployment.failure?.message}`;
    await expect.poll(() => dockup.getApp('stillborn'), { timeout: 5_000 }).toMatchObject({ status: 'stopped', status_reason: reason });
    expect(await list('stillborn', '?type=deployment.failed')).toHaveLength(1);
  });

  test('health that turns is told with the answer of the probe', async () => {
    const check = '/www/cgi-bin/healthz';
    await makeApp('moody', { health_check: { path: '/cgi-bin/healthz', interval: 1, timeout: 1, grace: 10 } });
    await dockup.deploy('moody');
    const source = await follow('moody');
    await runIn(await containerOf('moody'), ['/bin/sh', '-c', `echo '#!/bin/sh' > ${check}; echo 'printf "Status: 503 Away\\r\\n\\r\\nno database"' >> ${check}`]);
    const flip = (await until(source, ({ type }) => type === 'app.unhealthy')).at(-1);
    expect(flip?.message).toMatch(/^health check failed: 503 no database/);
    await runIn(await containerOf('moody'), ['/bin/sh', '-c', `echo '#!/bin/sh' > ${check}; echo 'printf "\\r\\nback again"' >> ${check}`]);
    const back = (await until(source, ({ type }) => type === 'app.healthy')).at(-1);
    expect(back?.message).toMatch(/^health check passes again: 200 back again/);
    source.leave();
  });

  test('want of memory is told, also where the container lives on', async () => {
    const child = `require('child_process').spawn('/bin/node', ['-e', 'const held = []; for (;;) held.push(Buffer.alloc(1e6, 1))'])`;
    await makeApp('hungry', { image: images.node, internal_port: null, memory_limit: 96, command: ['/bin/node', '-e', `process.on('SIGUSR2', () => ${child}); setInterval(() => {}, 60_000)`] });
    await dockup.deploy('hungry');
    const source = await follow('hungry');
    await (await containerOf('hungry')).kill({ signal: 'SIGUSR2' });
    expect((await until(source, ({ type }) => type === 'app.oom')).at(-1)).toMatchObject({ actor: 'system', data: { deployment_id: expect.stringMatching(/^dep_/) } });
    source.leave();
    expect(await dockup.getApp('hungry')).toMatchObject({ status: 'running' });
  });

  test('a wrong query or a foreign app is refused', async () => {
    await makeApp('private');
    const refusal = async (query: string, token?: string) => {
      const reply = await dockup.request('GET', `/api/v1/apps/private/${query}`, token === undefined ? {} : { token });
      return [reply.status, problem.parse(reply.body).code];
    };
    expect(await refusal('events?type=APP')).toEqual([422, 'invalid_value']);
    expect(await refusal('events?limit=0')).toEqual([422, 'out_of_range']);
    expect(await refusal('events/stream?after=yesterday')).toEqual([422, 'invalid_cursor']);
    expect(await refusal('events/stream?tail=5')).toEqual([422, 'unknown_field']);
    const account = { email: 'stranger@example.com', password: 'twelve-characters' };
    await dockup.request('POST', '/api/v1/users', { body: account });
    const { token } = await dockup.expect(200, session, dockup.request('POST', '/api/v1/auth/login', { token: null, body: account }));
    for (const path of ['events', 'events/stream']) expect(await refusal(path, token)).toEqual([404, 'app_not_found']);
  });
});

/** ms since the epoch: when the engine last did this to a container. */
async function timeOf(container: string, action: string, since: number): Promise<number> {
  const until = Math.ceil(Date.now() / 1000);
  const past = await docker.getEvents({ since: Math.floor(since / 1000), until, filters: { container: [container], event: [action] } });
  const times = (await text(past)).trim().split('\n').map((line) => JSON.parse(line) as { timeNano: number });
  return (times.at(-1)?.timeNano ?? Number.NaN) / 1e6;
}

async function runIn(container: Docker.Container, cmd: string[]): Promise<void> {
  const exec = await container.exec({ Cmd: cmd, AttachStdout: true });
  const output = await exec.start({});
  await new Promise((resolve) => output.on('end', resolve).resume());
}
