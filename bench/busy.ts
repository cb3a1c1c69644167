/**
 * One socket, everybody at once: 100 readers of a quiet app's log, one reader of an app that writes 50,000 lines a second, and an image that is being
 * uploaded; meanwhile a call that goes to the engine and back, up to ten times a second. The callers, the engine and Dockup share the machine. Embedded host, whose processes' memory can be read.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Dockup } from '../test/support/dockup.ts';
import { images } from '../test/support/images.ts';
import { callFor } from './caller.ts';
import { growthDuring } from './processes.ts';
import type { Figure } from './table.ts';

const readers = 100;
/** Long enough for the 200 calls that a p99 needs. */
const seconds = 30;

/** 500 lines every 10 ms. */
const flood = "const lines = 'a line of a log that is neither very short nor very long, as most of them are\\n'.repeat(500); setInterval(() => process.stdout.write(lines), 10)";
const murmur = "setInterval(() => console.log('still here'), 200)";

/** @param upload brings one large image archive in, from the first byte to the answer */
export async function benchBusy(dockup: Dockup, upload: () => Promise<void>): Promise<Figure[]> {
  const { id: projectId } = await dockup.createProject('Busy');
  const worker = { image: images.node, internal_port: null };
  await dockup.createApp(projectId, { ...worker, name: 'flood', slug: 'bench-flood', command: ['/bin/node', '-e', flood] });
  await dockup.createApp(projectId, { ...worker, name: 'quiet', slug: 'bench-quiet', command: ['/bin/node', '-e', murmur] });
  await dockup.deploy('bench-quiet');
  await dockup.deploy('bench-flood');

  const followers: Follower[] = [];
  const times: number[] = [];
  const growth = await growthDuring(dockup, async () => {
    for (let reader = 0; reader < readers; reader++) followers.push(await follow(dockup, 'bench-quiet'));
    followers.push(await follow(dockup, 'bench-flood'));
    // How long a hundred streams take to open is not the question.
    await sleep(1_000);
    const calling = callFor({ url: `${dockup.url}/api/v1/apps/bench-quiet/logs?tail=1`, token: dockup.credentials.api_key, seconds });
    const [taken] = await Promise.all([calling, upload()]);
    times.push(...taken);
  });
  for (const follower of followers) follower.leave();
  await dockup.request('POST', '/api/v1/apps/bench-flood/stop');

  const sorted = times.toSorted((a, b) => a - b);
  const percentile = (part: number) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  const p99 = percentile(0.99);
  const note = `${readers} log streams, a flood of 50,000 lines/s, one upload`;
  const most = Math.max(growth.api, growth.executor);
  return [
    { name: 'control call p99, busy', measured: `${p99.toFixed(0)} ms`, limit: '250 ms', isMet: p99 < 250, note: `${times.length} calls that read the engine, p50 ${percentile(0.5).toFixed(0)} ms; ${note}` },
    { name: 'memory growth, busy', measured: `${most.toFixed(0)} MB`, limit: '50 MB', isMet: most < 50, note: `VmRSS at its peak: api +${growth.api.toFixed(0)}, executor +${growth.executor.toFixed(0)} MB` },
  ];
}

interface Follower {
  /** @throws Error when its stream has ended, or was silent for too long */
  leave(): void;
}

/** ms: the quiet app writes five lines a second. */
const longestSilence = 5_000;

async function follow(dockup: Dockup, slug: string): Promise<Follower> {
  const socket = new WebSocket(`${dockup.url.replace(/^http/, 'ws')}/api/v1/apps/${slug}/logs/stream?tail=0&token=${dockup.credentials.api_key}`);
  let messages = 0;
  let silence = 0;
  let last = performance.now();
  let end: string | null = null;
  const hear = () => {
    silence = Math.max(silence, performance.now() - last);
    last = performance.now();
  };
  socket.on('message', () => {
    messages++;
    hear();
  });
  socket.on('close', (code, reason) => (end = `${code} ${reason.toString()}`));
  await once(socket, 'open');
  return {
    leave() {
      hear();
      socket.terminate();
      const heard = `a reader of ${slug}, after ${messages} messages,`;
      if (end !== null) throw new Error(`bench busy: ${heard} was left by its stream: ${end}`);
      if (messages === 0 || silence > longestSilence) throw new Error(`bench busy: ${heard} heard nothing for ${(silence / 1000).toFixed(1)} s`);
    },
  };
}
