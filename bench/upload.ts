/**
 * A 500 MB archive of docker save: from POST to loaded, against `docker load` of the same file. Paired, the order changing each time; the image is removed in between,
 * so that both unpack it. Meanwhile the memory of API and executor is sampled: an upload that is kept anywhere would show.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import type { Dockup } from '../test/support/dockup.ts';
import { makeImageArchive, makeLayer } from '../test/support/image-archive.ts';
import { growthDuring } from './processes.ts';
import { median, type Figure } from './table.ts';

const pairs = 3;
const megabytes = 500;

interface UploadBench {
  slug: string;
  file: string;
  /** What the archive calls its image. */
  tag: string;
  /** Resolves when it is loaded: the deployment is accepted then. */
  upload(): Promise<void>;
}

/** An archive of 500 MB and an app for it, while `work` runs. */
export async function withUpload<T>(dockup: Dockup, work: (bench: UploadBench) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-bench-'));
  const file = join(folder, 'image.tar');
  const name = randomBytes(4).toString('hex');
  const [tag, slug] = [`dockup-bench/${name}:1`, `bench-upload-${name}`];
  try {
    await writeFile(file, await makeImageArchive({ tags: [tag], layer: await makeLayer(randomBytes(megabytes * 1024 ** 2)) }));
    const { id: projectId } = await dockup.createProject('Uploads');
    await dockup.createApp(projectId, { name: slug, slug, internal_port: null });
    return await work({ slug, file, tag, upload: () => upload(dockup, slug, file) });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await dockup.request('DELETE', `/api/v1/apps/${slug}`);
  }
}

export async function benchUpload(dockup: Dockup): Promise<Figure[]> {
  const figures: Figure[] = [];
  const measuring = () => withUpload(dockup, async (bench) => void figures.push(await measure(dockup, bench)));
  if (dockup.host === 'edge') await measuring();
  else {
    const growth = Object.entries(await growthDuring(dockup, measuring));
    figures.push(...growth.map(([name, grown]) => ({ name: `memory during uploads, ${name}`, measured: `+${grown.toFixed(0)} MB`, limit: '+40 MB', isMet: grown < 40, note: 'highest VmRSS, against that before the first one' })));
  }
  return figures;
}

async function measure(dockup: Dockup, { slug, file, tag, upload }: UploadBench): Promise<Figure> {
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const steps = [async () => ours.push(await timed(upload)), async () => bare.push(await timed(() => load(file)))];
    for (const step of pair % 2 === 0 ? steps : steps.toReversed()) {
      await step();
      await removeImages(tag, slug);
    }
  }
  const ratio = median(ours.map((time, pair) => time / (bare[pair] ?? Number.NaN)));
  const limit = dockup.host === 'embedded' ? 1.25 : 1.6;
  const note = `${pairs} pairs of ${megabytes} MB; median ${(median(ours) / 1000).toFixed(1)} s against ${(median(bare) / 1000).toFixed(1)} s of docker load`;
  return { name: `upload of an image, ${dockup.host} host`, measured: `${ratio.toFixed(2)} x`, limit: `${limit.toFixed(2)} x`, isMet: ratio <= limit, note };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** With the client that the documentation shows, as `docker load` is one too: a client in this process would take as much of the two cores as API and executor together. */
async function upload(dockup: Dockup, slug: string, file: string): Promise<void> {
  const headers = [`Authorization: Bearer ${dockup.credentials.api_key}`, 'Content-Type: application/octet-stream'].flatMap((header) => ['-H', header]);
  const curl = spawn('curl', ['-sS', '-X', 'POST', '-T', file, ...headers, '-w', ' %{http_code}', `${dockup.url}/api/v1/deploy/${slug}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const reply = await text(curl.stdout);
  if (!reply.endsWith(' 202')) throw new Error(`upload: ${reply}`);
}

async function load(file: string): Promise<void> {
  const [code] = await once(spawn('docker', ['load', '--quiet', '--input', file], { stdio: 'ignore' }), 'close');
  if (code !== 0) throw new Error(`docker load: exit code ${code}`);
}

/** The image holds no program, so its deployment fails; the tag of an upload stays all the same. */
async function removeImages(tag: string, slug: string): Promise<void> {
  const docker = new Docker();
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const left = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => name === tag || name.startsWith(`dockup/${slug}:`));
    if (left.length === 0) return;
    for (const name of left) await docker.getImage(name).remove().catch(() => undefined);
  }
  throw new Error('the image of the run before does not go');
}
