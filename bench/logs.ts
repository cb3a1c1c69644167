/**
 * The log stream against the engine's own. Speed: all lines of one container through the API's WebSocket and through `docker logs -f`, paired, the order
 * changing each time. Latency: one container followed by both at once, and for each line by how much later it came through the API.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { WebSocket } from 'ws';
import { labels } from '../shared/names.ts';
import type { Dockup } from '../test/support/dockup.ts';
import { images } from '../test/support/images.ts';
import { median, type Figure } from './table.ts';

/** At the edge a reader gets 1 MiB a second (docs/operating.md), so it is not given minutes to read. */
const sizes = { embedded: { lines: 300_000, pairs: 5 }, edge: { lines: 30_000, pairs: 3 } };
const ticks = 300;

const writeAll = (lines: number) => `const fs = require('fs'); const pad = ' a line of a log that is neither very short nor very long, as most are'; for (let n = 0; n < ${lines};) { let text = ''; for (let i = 0; i < 100; i++) text += ++n + pad + '\\n'; fs.writeSync(1, text); } setInterval(() => {}, 1000)`;
const tick = `let n = 0; setInterval(() => console.log('tick ' + ++n), 20)`;

export async function benchLogs(dockup: Dockup): Promise<Figure[]> {
  const { id: projectId } = await dockup.createProject('Logs');
  const make = (slug: string, script: string) => dockup.createApp(projectId, { name: slug, slug, image: images.node, internal_port: null, command: ['/bin/node', '-e', script] });
  await make('bench-log', writeAll(sizes[dockup.host].lines));
  await make('bench-ticks', tick);
  await dockup.deploy('bench-log');
  await dockup.deploy('bench-ticks');
  const figures = [await benchSpeed(dockup), await benchLatency(dockup)];
  for (const slug of ['bench-log', 'bench-ticks']) await dockup.request('DELETE', `/api/v1/apps/${slug}`);
  return figures;
}

async function benchSpeed(dockup: Dockup): Promise<Figure> {
  const container = await containerOf(dockup, 'bench-log');
  const { lines, pairs } = sizes[dockup.host];
  const [ours, bare]: [number[], number[]] = [[], []];
  // Once for nothing: until the app has written everything, and the files are in the page cache.
  await readOurs(dockup, lines);
  for (let pair = 0; pair < pairs; pair++) {
    const steps = [async () => ours.push(await readOurs(dockup, lines)), async () => bare.push(await readBare(container, lines))];
    for (const step of pair % 2 === 0 ? steps : steps.toReversed()) await step();
  }
  const ratio = median(bare.map((time, pair) => time / (ours[pair] ?? Number.NaN)));
  const rate = (times: number[]) => (lines / median(times)).toFixed(0);
  return {
    name: `log stream, ${dockup.host} host`,
    measured: `${ratio.toFixed(2)} x`,
    limit: dockup.host === 'embedded' ? '0.70 x' : '-',
    isMet: dockup.host !== 'embedded' || ratio >= 0.7,
    note: `${pairs} pairs of ${lines} lines; ${rate(ours)} lines/ms against ${rate(bare)} with docker logs -f`,
  };
}

/** ms until the last line is there. */
async function readOurs(dockup: Dockup, lines: number): Promise<number> {
  const began = performance.now();
  const socket = await openStream(dockup, 'bench-log', 'since=1');
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on('close', (code, reason) => reject(new Error(`bench logs: the stream ended after ${count} lines: ${code} ${reason}`)));
    socket.on('message', (data: Buffer) => {
      if (data.includes('{"dropped"')) reject(new Error('bench logs: lines were dropped'));
      count += countLines(data);
      if (count >= lines) resolve();
    });
  });
  const time = performance.now() - began;
  socket.removeAllListeners('close').terminate();
  return time;
}

async function readBare(container: string, lines: number): Promise<number> {
  const began = performance.now();
  const child = spawn('docker', ['logs', '-f', container], { stdio: ['ignore', 'pipe', 'ignore'] });
  let count = 0;
  for await (const data of child.stdout) if ((count += countLines(data)) >= lines) break;
  const time = performance.now() - began;
  child.kill();
  return time;
}

function countLines(data: Buffer): number {
  let count = 0;
  for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, at + 1)) count++;
  return count;
}

async function benchLatency(dockup: Dockup): Promise<Figure> {
  const container = new Docker().getContainer(await containerOf(dockup, 'bench-ticks'));
  const [ours, bare] = [new Map<string, number>(), new Map<string, number>()];
  const note = (seen: Map<string, number>) => (data: Buffer) => {
    for (const [text] of data.toString().matchAll(/tick \d+/g)) seen.set(text, performance.now());
  };
  const socket = await openStream(dockup, 'bench-ticks', 'tail=0');
  socket.on('message', note(ours));
  // dockerode answers a followed log with the connection itself, which its types do not say.
  const log = (await container.logs({ follow: true, stdout: true, stderr: true, tail: 0 })) as NodeJS.ReadableStream as Readable;
  log.on('data', note(bare));
  while (ours.size < ticks || bare.size < ticks) await once(log, 'data');
  socket.terminate();
  log.destroy();
  const added = [...bare].flatMap(([text, time]) => (ours.has(text) ? [(ours.get(text) ?? 0) - time] : []));
  const limit = 2;
  return {
    name: `log line added latency, p50, ${dockup.host} host`,
    measured: `${median(added).toFixed(2)} ms`,
    limit: dockup.host === 'embedded' ? `${limit} ms` : '-',
    isMet: dockup.host !== 'embedded' || median(added) <= limit,
    note: `${added.length} lines, against dockerode following the same container`,
  };
}

async function openStream(dockup: Dockup, slug: string, query: string): Promise<WebSocket> {
  const socket = new WebSocket(`${dockup.url.replace(/^http/, 'ws')}/api/v1/apps/${slug}/logs/stream?${query}`, {
    perMessageDeflate: false,
    headers: { authorization: `Bearer ${dockup.credentials.api_key}` },
  });
  await once(socket, 'open');
  return socket;
}

async function containerOf(dockup: Dockup, slug: string): Promise<string> {
  const { id } = await dockup.getApp(slug);
  const [container] = await new Docker().listContainers({ filters: { label: [`${labels.app}=${id}`] } });
  if (container === undefined) throw new Error(`bench logs: ${slug} has no container`);
  return container.Id;
}
