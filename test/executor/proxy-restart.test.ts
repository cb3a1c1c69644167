import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProxy } from '../../executor/proxy/create-proxy.ts';
import { createRuntime } from '../../executor/proxy/runtime.ts';
import { labels, newId } from '../../shared/names.ts';
import { visit } from './proxy-client.ts';
import { docker, freePort, type ProxyFixture, routeTo, silent, startProxy } from './proxy-fixture.ts';
import { startUpstream, type Upstream } from './proxy-upstream.ts';

let system: ProxyFixture;
let blue: Upstream;
let green: Upstream;

beforeEach(async () => {
  [system, blue, green] = await Promise.all([startProxy(), startUpstream('blue'), startUpstream('green')]);
  await system.route('shop', blue);
  await system.route('blog', blue);
  await system.route('shop', green);
  await system.route('stopped');
});
afterEach(() => Promise.all([system?.close(), blue?.close(), green?.close()]));

/** Until HAProxy answers again, a connection is refused. */
const answerOf = (host: string) => visit(system.httpPort, host).then(({ status, body }) => (status === 200 ? body : String(status)), () => 'refused');

async function expectRoutes(): Promise<void> {
  await expect.poll(() => answerOf('shop.localhost'), { timeout: 20_000 }).toBe('green');
  expect(await answerOf('blog.localhost')).toBe('blue');
  expect(await answerOf('stopped.localhost')).toBe('503');
  expect(await answerOf('nobody.localhost')).toBe('404');
}

describe('HAProxy alone, without an executor (REL-10)', () => {
  test('comes back with the same routes after a restart of its container', async () => {
    await system.container('proxy').restart({ t: 1 });
    await expectRoutes();
  });

  test('is started again by Docker when it dies, with the same routes', async () => {
    const { State } = await system.container('proxy').inspect();
    process.kill(State.Pid, 'SIGKILL');
    await expect.poll(async () => (await system.container('proxy').inspect()).RestartCount, { timeout: 20_000 }).toBe(1);
    await expectRoutes();
  });

  test('has bounded logs and memory, and rights to little', async () => {
    const { HostConfig, Config } = await system.container('proxy').inspect();
    expect(HostConfig).toMatchObject({ RestartPolicy: { Name: 'always' }, NetworkMode: 'host', Privileged: false, ReadonlyRootfs: true, CapDrop: ['ALL'] });
    expect(HostConfig.LogConfig?.Config).toEqual({ 'max-size': '5m', 'max-file': '2' });
    expect(HostConfig.Memory).toBeGreaterThan(0);
    expect(Config.Labels).toMatchObject({ 'dockup.managed': 'true', 'dockup.role': 'proxy', 'dockup.server': expect.stringMatching(/^srv_/) });
  });
});

describe('a restarted executor', () => {
  test('knows the routes, and takes over where the last one stopped', async () => {
    const next = await system.reopen();
    expect(next.routes()).toEqual(system.proxy.routes());
    await next.ensure();
    expect(await next.drain('shop', 5)).toEqual({ cut: 0 });
    await expectRoutes();
  });

  test('does not touch a proxy that runs as it should', async () => {
    const before = await system.container('proxy').inspect();
    const worker = await workerOf(system);
    await (await system.reopen()).ensure();
    const after = await system.container('proxy').inspect();
    expect(after.State.StartedAt).toBe(before.State.StartedAt);
    expect(await workerOf(system)).toBe(worker);
  });

  test('repairs what was changed behind its back: a target, a host, a host too many', async () => {
    const runtime = createRuntime(system.dir);
    const { hosts } = await runtime.state();
    const shop = hosts.get('shop.localhost');
    await runtime.apply([`set server ${shop}/s1 state maint`, 'del map hosts.map blog.localhost', `add map hosts.map intruder.localhost ${shop}`]);
    expect(await answerOf('shop.localhost')).toBe('503');
    await (await system.reopen()).ensure();
    await expectRoutes();
    expect(await answerOf('intruder.localhost')).toBe('404');
  });

  test('starts the proxy where its container is gone', async () => {
    await system.container('proxy').remove({ force: true });
    await (await system.reopen()).ensure();
    await expectRoutes();
  });

  test('writes the files of HAProxy again where they are damaged', async () => {
    const config = join(system.dir, 'haproxy.cfg');
    const intact = await readFile(config, 'utf8');
    await writeFile(config, 'nonsense');
    await (await system.reopen()).ensure();
    expect(await readFile(config, 'utf8')).toBe(intact);
  });

  test('reloads a proxy that runs another configuration, without recreating it', async () => {
    const before = await system.container('proxy').inspect();
    const worker = await workerOf(system);
    const config = join(system.dir, 'haproxy.cfg');
    await writeFile(config, (await readFile(config, 'utf8')).replace(/description dockup-\w+/, 'description dockup-older'));
    await createRuntime(system.dir).reload();
    await expect.poll(() => createRuntime(system.dir).description()).toBe('dockup-older');
    await (await system.reopen()).ensure();
    expect(await createRuntime(system.dir).description()).not.toBe('dockup-older');
    expect(await workerOf(system)).not.toBe(worker);
    expect((await system.container('proxy').inspect()).State.StartedAt).toBe(before.State.StartedAt);
    await expectRoutes();
  });

  test('leaves a container alone that has its name and is not its own', async () => {
    const { Image, Name } = await system.container('proxy').inspect();
    await system.container('proxy').remove({ force: true });
    const stranger = await docker.createContainer({ name: Name.slice(1), Image, Cmd: ['/usr/sbin/haproxy', '-v'], Labels: { [labels.server]: 'srv_of_somebody' } });
    try {
      await expect(system.proxy.ensure()).rejects.toMatchObject({ code: 'proxy_unavailable', message: expect.stringContaining("is not Dockup's") });
      expect((await stranger.inspect()).State.Status).toBe('created');
    } finally {
      await stranger.remove({ force: true });
    }
  });
});

test('with an external supervisor the proxy waits for HAProxy to be started on its files, and makes no container', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'dockup-proxy-'));
  const httpPort = await freePort();
  const serverId = newId('server', Date.now(), randomBytes(13));
  const proxy = await createProxy({ dir, serverId, docker, httpPort, tls: null, supervisor: 'external', log: silent });
  const ready = proxy.ensure();
  await expect.poll(() => readdir(dir)).toContain('hosts.map');
  const haproxy = spawn('haproxy', ['-W', '-db', '-S', 'unix@master.sock', '-f', 'haproxy.cfg'], { cwd: dir, stdio: 'ignore' });
  try {
    await ready;
    await proxy.switchTo(routeTo('shop', blue));
    expect(await visit(httpPort, 'shop.localhost')).toMatchObject({ status: 200, body: 'blue' });
    expect(await docker.listContainers({ all: true, filters: { label: [`${labels.server}=${serverId}`] } })).toEqual([]);
  } finally {
    haproxy.kill();
    await once(haproxy, 'exit');
    await rm(dir, { recursive: true });
  }
});

async function workerOf({ dir }: ProxyFixture): Promise<string | undefined> {
  const [info = ''] = await createRuntime(dir).ask('show info');
  return /^Pid: (\d+)$/m.exec(info)?.[1];
}
