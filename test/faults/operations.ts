/** What users do meanwhile. Each begins, goes through or is refused, and leaves in the scene what has to be true afterwards. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../scripts/setup/run.ts';
import { execResult } from '../../shared/api/exec.ts';
import { images } from '../support/images.ts';
import { openSocket } from '../support/socket-client.ts';
import { within } from '../support/within.ts';
import { followLog } from './follow-log.ts';
import { ask, isOver, noteRefusal, readDeployments, requestDeployment, setVersion, Unanswered, type Scene } from './scene.ts';
import { until } from './world.ts';

export const operationNames = ['deploy', 'bad deploy', 'slow deploy', 'cancelled deploy', 'stop and start', 'command', 'terminal', 'log', 'upload'] as const;
export type OperationName = (typeof operationNames)[number];

let count = 0;
const unique = (what: string) => `${what}-${process.pid.toString(36)}-${++count}`;

/** Longer than anything is promised to take; what is late is told by the check. */
const patience = 150_000;

export async function operate(scene: Scene, name: OperationName): Promise<void> {
  try {
    await operations[name](scene);
  } catch (error) {
    if (!(error instanceof Unanswered)) scene.problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const operations: Record<OperationName, (scene: Scene) => Promise<void>> = {
  async deploy(scene) {
    await setVersion(scene, unique('good'));
    await requestDeployment(scene);
    await awaitEnd(scene);
  },

  async 'bad deploy'(scene) {
    await setVersion(scene, unique('bad'), { EXIT_CODE: '3' }, false);
    await requestDeployment(scene);
    await awaitEnd(scene);
  },

  /** Nobody looks at it for so long that a hub of the edge goes to sleep. */
  async 'slow deploy'(scene) {
    await setVersion(scene, unique('slow'), { START_DELAY: '14' });
    await requestDeployment(scene);
    await sleep(16_000);
    await awaitEnd(scene);
  },

  async 'cancelled deploy'(scene) {
    await setVersion(scene, unique('cancelled'), { START_DELAY: '5' });
    const deployment = await requestDeployment(scene);
    await sleep(scene.random.below(2_000));
    if (deployment !== undefined) await ask(scene, 'POST', `/api/v1/deployments/${deployment.id}/cancel`);
    await awaitEnd(scene);
  },

  async 'stop and start'(scene) {
    // Without an answer it may be stopped all the same.
    await ask(scene, 'POST', `/api/v1/apps/${scene.slug}/stop`).catch(unlessUnanswered);
    await until('the app is started again', patience, async () => (await ask(scene, 'POST', `/api/v1/apps/${scene.slug}/start`)).status === 200);
  },

  async command(scene) {
    const mark = unique('mark');
    scene.marks.set(mark, false);
    const reply = await ask(scene, 'POST', `/api/v1/apps/${scene.slug}/exec`, { cmd: ['sh', '-c', `echo ${mark} > /proc/1/fd/1; exit 7`] });
    if (reply.status !== 200) return;
    scene.marks.set(mark, true);
    const { exit_code } = execResult.parse(reply.body);
    if (exit_code !== 7) scene.problems.push(`the command ended with ${exit_code} instead of 7`);
  },

  async terminal(scene) {
    const mark = unique('mark');
    scene.marks.set(mark, false);
    const { url, token } = scene.world;
    const client = await openSocket({ url, token, path: `/api/v1/apps/${scene.slug}/exec?cmd=sh` });
    client.send(`echo ${mark} > /proc/1/fd/1; echo done-$((40+2))\n`);
    let isClosed = false;
    const closed = client.closed.then((how) => ((isClosed = true), how));
    await until('the terminal answers, or is closed', patience, async () => isClosed || client.text().includes('done-42'));
    if (!isClosed) scene.marks.set(mark, true);
    if (!isClosed) client.send('exit 7\n');
    const { code, reason } = await within(closed, patience, () => 'the terminal is closed');
    const exit = client.messages.findLast((message) => typeof message === 'string');
    if (code === 1000 && exit !== '{"type":"exit","exit_code":7}') scene.problems.push(`the terminal ended with ${exit}`);
    else if (code >= 4000) scene.refusals.push(/^\w+/.exec(reason)?.[0] ?? String(code));
    else if (code !== 1000 && code !== 1006 && code !== 1012) scene.problems.push(`the terminal was closed with ${code} ${reason}`);
  },

  async log(scene) {
    const mark = unique('line');
    const lines = Array.from({ length: 40 }, (_, number) => `${mark}-${number}`);
    const [container] = await scene.world.docker.listContainers({ filters: { label: [`dockup.app=${scene.app.id}`] } });
    // By the engine's own client, past Dockup.
    await run('docker', ['exec', '-d', container?.Id ?? '', 'sh', '-c', `i=0; while [ $i -lt ${lines.length} ]; do echo ${mark}-$i; i=$((i+1)); sleep 0.1; done > /proc/1/fd/1`]);
    const seen = await followLog(scene, (text) => text.startsWith(`${mark}-`), lines.at(-1) ?? '', patience);
    if (seen.join() !== lines.join()) scene.problems.push(`the log has ${seen.length} lines instead of ${lines.length}: ${seen.map((line) => line.slice(mark.length + 1)).join(' ')}`);
  },

  async upload(scene) {
    const { world, slug } = scene;
    await setVersion(scene, unique('uploaded'));
    const headers = { authorization: `Bearer ${world.token}`, 'content-type': 'application/octet-stream' };
    const response = await fetch(`${world.url}/api/v1/deploy/${slug}`, { method: 'POST', headers, body: archive(), signal: AbortSignal.timeout(patience) }).catch((cause: unknown) => {
      if (cause instanceof Error && cause.name === 'TimeoutError') throw new Error('the upload was never answered');
      throw new Unanswered('upload', { cause });
    });
    const text = await response.text();
    const body: unknown = text.startsWith('{') ? JSON.parse(text) : text;
    if (response.status >= 400) noteRefusal(scene, 'the upload', { status: response.status, body });
    else if (typeof body === 'object' && body !== null && 'id' in body) scene.acknowledged.add(String(body.id));
    await awaitEnd(scene);
  },
};

function unlessUnanswered(error: unknown): void {
  if (!(error instanceof Unanswered)) throw error;
}

async function awaitEnd(scene: Scene): Promise<void> {
  await until('every deployment has ended', patience, async () => (await readDeployments(scene)).every(isOver));
}

let saved: Buffer<ArrayBuffer> | undefined;

/** An image as `docker save` writes it. */
function archive(): Buffer<ArrayBuffer> {
  return (saved ??= Buffer.from(spawnSync('docker', ['save', images.busybox], { maxBuffer: 64 * 1024 * 1024 }).stdout));
}
