/**
 * A 500 MB archive of docker save: from POST to loaded, against `docker load` of the same file. Paired, the order changing each time; the image is removed in between,
 * so that both unpack it. Meanwhile the memory of API and executor is sampled: an upload that is kept anywhere would show.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import Docker from 'dockerode';
import type { Dockup } from '../test/support/dockup.ts';
import { makeImageArchive, makeLayer } from '../test/support/image-archive.ts';
import { median, type Figure } from './table.ts';

const pairs = 3;
const megabytes = 500;
const slug = 'bench-upload';

export async function benchUpload(dockup: Dockup): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-bench-'));
  const file = join(folder, 'image.tar');
  try {
    const layer = await makeLayer(randomBytes(megabytes * 1024 ** 2));
    const tag = `dockup-bench/${createHash('sha256').update(folder).digest('hex').slice(0, 8)}:1`;
    await writeFile(file, await makeImageArchive({ tags: [tag], layer }));
    const { id: projectId } = await dockup.createProject('Uploads');
    await dockup.createApp(projectId, { name: slug, slug, internal_port: null });
    return await measure(dockup, file, tag);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await dockup.request('DELETE', `/api/v1/apps/${slug}`);
  }
}

async function measure(dockup: Dockup, file: string, tag: string): Promise<Figure[]> {
  const memory = dockup.host === 'embedded' ? await watchMemory(dockup, ['api', 'executor']) : undefined;
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const steps = [async () => ours.push(await timed(() => upload(dockup, file))), async () => bare.push(await timed(() => load(file)))];
    for (const step of pair % 2 === 0 ? steps : steps.toReversed()) {
      await step();
      await removeImages(tag);
    }
  }
  const ratio = median(ours.map((time, pair) => time / (bare[pair] ?? Number.NaN)));
  const limit = dockup.host === 'embedded' ? 1.25 : 1.6;
  const note = `${pairs} pairs of ${megabytes} MB; median ${(median(ours) / 1000).toFixed(1)} s against ${(median(bare) / 1000).toFixed(1)} s of docker load`;
  const growth = (await memory?.stop()) ?? [];
  return [
    { name: `upload of an image, ${dockup.host} host`, measured: `${ratio.toFixed(2)} x`, limit: `${limit.toFixed(2)} x`, isMet: ratio <= limit, note },
    ...growth.map(([name, grown]) => ({ name: `memory during uploads, ${name}`, measured: `+${grown.toFixed(0)} MB`, limit: '+40 MB', isMet: grown < 40, note: 'highest VmRSS, against that before the first one' })),
  ];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** As curl does with `--data-binary`, which says how many bytes come. Resolves when it is loaded: the deployment is accepted then. */
async function upload(dockup: Dockup, file: string): Promise<void> {
  const outgoing = request(`${dockup.url}/api/v1/deploy/${slug}`, { method: 'POST', agent: false, headers: { authorization: `Bearer ${dockup.credentials.api_key}`, 'content-type': 'application/octet-stream', 'content-length': (await stat(file)).size } });
  const replied = once(outgoing, 'response');
  await pipeline(createReadStream(file, { highWaterMark: 1024 ** 2 }), outgoing);
  const [reply] = await replied;
  const body = await text(reply);
  if (reply.statusCode !== 202) throw new Error(`upload: ${reply.statusCode} ${body}`);
}

async function load(file: string): Promise<void> {
  const [code] = await once(spawn('docker', ['load', '--quiet', '--input', file], { stdio: 'ignore' }), 'close');
  if (code !== 0) throw new Error(`docker load: exit code ${code}`);
}

/** The image holds no program, so its deployment fails, and takes the tag along. */
async function removeImages(tag: string): Promise<void> {
  const docker = new Docker();
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const left = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => name === tag || name.startsWith(`dockup/${slug}:`));
    if (left.length === 0) return;
    for (const name of left) await docker.getImage(name).remove().catch(() => undefined);
  }
  throw new Error('the image of the run before does not go');
}

/** How many MB each process grew by at most, from now on. */
async function watchMemory(dockup: Dockup, names: string[]): Promise<{ stop(): Promise<[string, number][]> }> {
  const pids = await Promise.all(names.map(async (name) => (await readFile(join(dockup.dataDir, 'run', `${name}.pid`), 'utf8')).trim().split(/\s/)[0]));
  const read = () => Promise.all(pids.map(async (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024));
  const first = await read();
  const highest = [...first];
  const timer = setInterval(() => void read().then((now) => now.forEach((value, i) => (highest[i] = Math.max(highest[i] ?? 0, value)))), 100);
  return {
    stop: async () => {
      clearInterval(timer);
      return names.map((name, i) => [name, (highest[i] ?? 0) - (first[i] ?? 0)]);
    },
  };
}
