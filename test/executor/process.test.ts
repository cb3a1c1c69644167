/** The executor as it is started: its own process, the real engine, a real HAProxy. Only the control plane is not. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isFinished } from '../../shared/status.ts';
import { labels } from '../../shared/names.ts';
import { methods } from '../../shared/protocol/calls.ts';
import type { DeploymentEvent } from '../../shared/protocol/events.ts';
import { protocolVersion } from '../../shared/protocol/messages.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages } from '../support/images.ts';
import { eventually } from './host-fixture.ts';
import { openHub, type Connection, type HubFixture } from './hub-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

const docker = new Docker();
const serverId = makeId('server');
const filters = { label: [`${labels.server}=${serverId}`] };
let hub: HubFixture;
let dir: string;
let httpPort: number;
let child: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  await ensureImages();
  hub = await openHub(serverId);
  dir = await mkdtemp(join(tmpdir(), 'dockup-process-'));
  httpPort = await freePort();
});
afterEach(() => stop('SIGKILL'));
afterAll(async () => {
  for (const { Id } of await docker.listContainers({ all: true, filters })) await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove({ force: true });
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

function start(): ChildProcess {
  const started = spawn(process.execPath, ['executor/main.ts'], {
    env: { PATH: process.env['PATH'], DOCKUP_API_URL: hub.url, DOCKUP_ENROLMENT_TOKEN: 'dke_planted-token', DOCKUP_EXECUTOR_DIR: dir, DOCKUP_HTTP_PORT: String(httpPort), DOCKUP_NETWORK_POOL: '10.252.0.0/16' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child = started;
  return started;
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

/** Starts an executor and gives its connection, on which events are acknowledged as they come. */
async function connected(): Promise<Connection> {
  const before = hub.connections.length;
  start();
  const connection = await hub.connection(before);
  connection.socket.on('message', () => {
    const last = connection.received.at(-1);
    if (last?.type === 'event') connection.send({ type: 'ack', seq: last.seq });
  });
  return connection;
}

function deploy(connection: Connection, deployment: string, spec: AppSpec): void {
  connection.send({ type: 'call', id: `call-${deployment}`, method: 'deploy', params: { deployment, spec } });
}

function outcome({ received }: Connection, deployment: string): Promise<DeploymentEvent> {
  return eventually(() => received.flatMap((message) => (message.type === 'event' && message.event.kind === 'deployment' ? [message.event] : [])).find((event) => event.deployment === deployment && isFinished(event.status)));
}

/** A page of the app through HAProxy. */
async function visit(spec: AppSpec): Promise<string> {
  const outgoing = request({ host: '127.0.0.1', port: httpPort, headers: { host: spec.hosts[0] }, agent: false }).end();
  const [reply] = await once(outgoing, 'response');
  return `${reply.statusCode} ${await text(reply)}`.trim();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('the executor process', () => {
  it('enrols, connects, says so, and deploys an app that answers through HAProxy', async () => {
    const connection = await connected();
    expect(connection.hello).toMatchObject({ protocol: protocolVersion, capabilities: [...methods, 'stream:logs', 'stream:stats', 'stream:exec', 'stream:logs:end'], engine: { os: 'linux', version: expect.any(String) }, ingress: { scheme: 'http', port: httpPort }, deployments: [] });
    await eventually(() => (output.includes(`Executor ${serverId} connected to ${hub.url}`) ? true : undefined));
    await eventually(() => connection.received.find((message) => message.type === 'event' && message.event.kind === 'report'));
    const spec = makeSpec({ env: { VERSION: 'hello', SECRET: 'planted-value' } });
    const id = makeId('deployment');
    deploy(connection, id, spec);
    expect(await outcome(connection, id)).toMatchObject({ status: 'succeeded' });
    expect(await visit(spec)).toBe('200 hello');
  });

  it('refuses a second one on its directory', async () => {
    await connected();
    const first = child;
    const [code] = await once(start(), 'exit');
    expect(code).toBe(1);
    expect(output).toContain(`already works in ${dir}`);
    child = first;
  });

  it('ends within ten seconds of SIGTERM; apps and routing keep serving', async () => {
    const connection = await connected();
    const spec = makeSpec({ env: { VERSION: 'stays' } });
    const id = makeId('deployment');
    deploy(connection, id, spec);
    await outcome(connection, id);
    const begun = Date.now();
    await stop('SIGTERM');
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(child?.exitCode).toBe(0);
    expect(await visit(spec)).toBe('200 stays');
  });

  it('REL-07 finishes what kill -9 interrupted, at twelve moments, without a request that fails', { timeout: 300_000 }, async () => {
    const project = makeId('project');
    const spec = makeSpec({ project, env: { VERSION: '0' }, drain_timeout: 0, stop_timeout: 0 });
    const id = makeId('deployment');
    const first = await connected();
    deploy(first, id, spec);
    await outcome(first, id);
    let current = first;
    for (let round = 1; round <= 12; round++) {
      const next = makeId('deployment');
      deploy(current, next, { ...spec, env: { VERSION: String(round) } });
      await sleep(round * 50);
      await stop('SIGKILL');
      expect(await visit(spec)).toMatch(new RegExp(`^200 (${round - 1}|${round})$`));
      current = await connected();
      // The control plane does not know what has arrived, so it sends again.
      deploy(current, next, { ...spec, env: { VERSION: String(round) } });
      expect(await outcome(current, next)).toMatchObject({ status: 'succeeded' });
      expect(await visit(spec)).toBe(`200 ${round}`);
    }
    const left = await eventually(async () => {
      const containers = await docker.listContainers({ all: true, filters: { label: [...filters.label, `${labels.app}=${spec.app}`] } });
      return containers.length === 1 ? containers : undefined;
    });
    expect(left[0]?.State).toBe('running');
  });

  it('SEC-01 SEC-11 has told neither tokens nor values nor keys to its log', async () => {
    const { private_key: key } = JSON.parse(await readFile(join(dir, 'identity.json'), 'utf8'));
    expect(output).toContain('deployment accepted');
    for (const secret of ['dke_planted-token', 'planted-value', key.d, ...hub.connections.map(({ token }) => token)]) expect(output).not.toContain(secret);
  });
});
