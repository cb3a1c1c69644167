/** The executor of the world that is fuzzed: does at once whatever it is told, fetches and brings bodies, and refuses now and then as a real one would. */
import { setImmediate } from 'node:timers/promises';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { Method, Params, Result } from '../../shared/protocol/calls.ts';
import type { DeploymentEvent, ExecutorEvent } from '../../shared/protocol/events.ts';
import { transfersPath } from '../../shared/protocol/transfers.ts';
import type { Handlers } from '../support/fake-executor.ts';

interface Surroundings {
  url: string;
  connectToken(): Promise<string>;
  tell(event: ExecutorEvent): void;
  /** Apps whose deployments go on until they are cancelled. */
  lasting: ReadonlySet<string>;
  /** Apps that have no volumes. */
  bare: ReadonlySet<string>;
  /** A request of the executor itself. */
  onTransfer(operation: 'fetchTransfer' | 'uploadTransfer', status: number): void;
}

/** Of a deployment, now and then: why it failed. */
const failures: readonly ErrorCode[] = ['image_not_found', 'image_pull_failed', 'policy_refused', 'container_start_failed', 'container_exited', 'health_check_failed', 'deadline_exceeded'];
/** Every so many calls, and deployments of apps that the run itself has made. */
const [refusedEvery, failedEvery] = [29, 4];

const statusAfter = { start: 'running', stop: 'stopped', restart: 'running', pause: 'paused', unpause: 'running' } as const;

/** Every app has these on its host, unless it is bare. */
export const hostVolumes = ['data', 'cache'] as const;

export function createHandlers(world: Surroundings): Handlers {
  let calls = 0;
  let deployments = 0;
  /** The app of each deployment. */
  const apps = new Map<string, string>();

  const orRefuse = <P, R>(handle: (params: P) => R) => (params: P): R => {
    calls++;
    if (calls % refusedEvery === 0) throw new AppError(calls % 2 === 0 ? 'engine_error' : 'engine_unreachable', { detail: 'as it happens' });
    return handle(params);
  };

  async function perform({ deployment, spec }: Params<'deploy'>): Promise<void> {
    // After the answer.
    await setImmediate();
    const tell = (change: Partial<DeploymentEvent>) => world.tell({ kind: 'deployment', deployment, app: spec.app, status: 'running', phase: 'pull', at: Date.now(), image_id: null, failure: null, ...change });
    tell({});
    if (world.lasting.has(spec.app)) return;
    deployments++;
    const code = failures[Math.floor(deployments / failedEvery) % failures.length];
    if (spec.slug.startsWith('f') && deployments % failedEvery === 0 && code !== undefined) {
      const failure: DeploymentEvent['failure'] = { code, message: 'as it happens', phase: 'health', exit_code: 137, oom_killed: false, last_probe: '503 warming up', logs: [] };
      return tell({ status: 'failed', phase: 'health', failure });
    }
    tell({ status: 'succeeded', phase: 'done', image_id: 'sha256:2c5f' });
    world.tell({ kind: 'status', app: spec.app, status: 'running', reason: null, at: Date.now() });
  }

  async function transfer(id: string, body?: string): Promise<string> {
    const method = body === undefined ? 'GET' : 'POST';
    const response = await fetch(`${world.url}${transfersPath}/${id}`, { method, headers: { authorization: `Bearer ${await world.connectToken()}` }, ...(body !== undefined && { body }) });
    world.onTransfer(body === undefined ? 'fetchTransfer' : 'uploadTransfer', response.status);
    const text = await response.text();
    if (!response.ok) throw new AppError('upload_interrupted', { detail: `the transfer was answered with ${response.status}` });
    return text;
  }

  async function upload({ method, upload: id, headers, transfer: from }: Params<'upload'>): Promise<Result<'upload'>> {
    const spoken = { 'tus-resumable': '1.0.0' };
    const refuse = (status: number, body: string) => ({ status, headers: spoken, body });
    if (method === 'OPTIONS') return { status: 204, headers: { ...spoken, 'tus-version': '1.0.0', 'tus-extension': 'creation', 'tus-max-size': '1000' }, body: '' };
    const { 'upload-length': length, 'upload-defer-length': deferred, 'upload-offset': offset = '' } = headers;
    if (method === 'POST' && !/^\d{1,15}$/.test(length ?? '') && deferred !== '1') return refuse(400, 'Upload-Length or Upload-Defer-Length header required\n');
    if (method === 'PATCH' && !/^\d{1,15}$/.test(offset)) return refuse(403, 'Upload-Offset header required\n');
    const size = from === null ? 0 : (await transfer(from)).length;
    const arrived = { ...spoken, 'upload-offset': String(size), 'upload-expires': new Date(0).toUTCString() };
    if (method === 'POST') return { status: 201, headers: { ...arrived, location: `/uploads/${crypto.randomUUID().replaceAll('-', '')}` }, body: '' };
    if (method === 'HEAD') return { status: 200, headers: { ...arrived, 'upload-length': '7', 'cache-control': 'no-store' }, body: '' };
    if (id?.endsWith('0') === true) return refuse(404, 'The file for this url was not found\n');
    return { status: 204, headers: method === 'PATCH' ? arrived : spoken, body: '' };
  }

  const handlers: { [M in Method]: (params: Params<M>) => Result<M> | Promise<Result<M>> } = {
    deploy: (params) => {
      apps.set(params.deployment, params.spec.app);
      void perform(params);
      return { accepted: true };
    },
    cancel_deploy: ({ deployment }) => {
      const app = apps.get(deployment);
      if (app === undefined) return { cancelled: false };
      world.tell({ kind: 'deployment', deployment, app, status: 'cancelled', phase: 'pull', at: Date.now(), image_id: null, failure: null });
      return { cancelled: true };
    },
    act: orRefuse(({ action }) => ({ status: statusAfter[action] })),
    remove_app: () => ({}),
    logs: orRefuse(() => ({ lines: [{ time: '2026-11-22T18:50:28.123456789Z', stream: 'stdout', text: 'listening \u0000 \ufffd', cursor: 'c1', deployment: 'dep_1' }] })),
    exec: orRefuse(({ timeout }) => ({ exit_code: timeout === 1 ? null : 0, stdout: 'done\n', stderr: '', truncated: false })),
    stats: orRefuse(() => ({ time: '2026-11-22T18:50:28.123Z', cpu: 1, cpu_of_limit: null, memory: 24, memory_limit: null, memory_of_limit: null, network_rx: 0, network_tx: 0, block_read: 0, block_write: 0, pids: 1 })),
    update_limits: orRefuse(() => ({})),
    load_image: async ({ transfer: from }) => {
      const text = from === null ? 'uploaded before' : await transfer(from);
      if (text === '') throw new AppError('archive_invalid', { detail: 'it is empty' });
      return { image_id: 'sha256:2c5f', size: text.length };
    },
    upload,
    volumes: orRefuse(({ app }) => ({ volumes: (world.bare.has(app) ? [] : hostVolumes).map((name) => ({ name, size: 7, is_mounted: false })) })),
    remove_volume: orRefuse(() => ({})),
    read_volume: async ({ transfer: to }) => {
      await transfer(to, 'tar');
      return {};
    },
    write_volume: async ({ transfer: from }) => {
      if ((await transfer(from)) === '') throw new AppError('archive_invalid', { detail: 'it is empty' });
      return {};
    },
  };
  return handlers;
}
