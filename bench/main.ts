/**
 * `npm run bench [-- name …]`: the figures the project promises, measured on this machine; with names (`embedded upload logs`) those alone. Ratios are of paired
 * runs; no test depends on them.
 */
import { setUp } from '../scripts/setup/setup.ts';
import { startDockup, type Dockup } from '../test/support/dockup.ts';
import { ensureImages } from '../test/support/images.ts';
import { benchBundle } from './bundle.ts';
import { benchBusy } from './busy.ts';
import { benchDeploy } from './deploy.ts';
import { benchExec } from './exec.ts';
import { benchMemory, benchStart } from './footprint.ts';
import { benchLogs } from './logs.ts';
import { benchRequests } from './requests.ts';
import { printTable, type Figure } from './table.ts';
import { benchUpload, withUpload } from './upload.ts';

type Bench = (dockup: Dockup) => Promise<Figure[]>;

const one = (bench: (dockup: Dockup) => Promise<Figure>): Bench => async (dockup) => [await bench(dockup)];

/** In this order: a start and idle memory are measured before anything has been done. */
const benches: Record<string, Bench> = {
  start: one(benchStart),
  memory: benchMemory,
  deploy: one(benchDeploy),
  requests: benchRequests,
  exec: one(benchExec),
  logs: benchLogs,
  upload: benchUpload,
  busy: (dockup) => withUpload(dockup, ({ upload }) => benchBusy(dockup, upload)),
};
/** They read the memory of processes, and on one machine the edge host runs in a simulator. */
const embeddedOnly = new Set(['memory', 'busy']);

const say = (line: string) => console.log(line);
const hosts = choose(['embedded', 'edge'] as const);
const names = choose([...Object.keys(benches), 'bundle']);
const strangers = process.argv.slice(2).filter((name) => !['embedded', 'edge', 'bundle', ...Object.keys(benches)].includes(name));
if (strangers.length > 0) {
  say(`There is no bench ${strangers.join(', ')}. There are ${Object.keys(benches).join(', ')}, bundle, and the hosts embedded and edge.`);
  process.exit(2);
}

await setUp({ programs: ['haproxy', 'busybox', 'debootstrap', 'wrk'], socket: '/var/run/docker.sock', mayInstall: true, say });
await ensureImages(say);

const figures: Figure[] = [];
for (const host of hosts) {
  const chosen = Object.entries(benches).filter(([name]) => names.includes(name) && (host === 'embedded' || !embeddedOnly.has(name)));
  if (chosen.length === 0) continue;
  const dockup = await startDockup({ host });
  try {
    for (const [name, bench] of chosen) {
      say(`measuring ${name}, ${host} host …`);
      figures.push(...(await bench(dockup).catch((error: unknown) => [failed(`${name}, ${host} host`, error)])));
    }
  } finally {
    await dockup.stop();
  }
}
if (names.includes('bundle')) figures.push(await benchBundle());
printTable(figures);
process.exitCode = figures.every((figure) => figure.isMet) ? 0 : 1;

/** What of `all` was named, or all of it. */
function choose<T extends string>(all: readonly T[]): readonly T[] {
  const named = all.filter((name) => process.argv.slice(2).includes(name));
  return named.length > 0 ? named : all;
}

/** One that cannot be measured takes no other with it. */
function failed(name: string, error: unknown): Figure {
  return { name, measured: 'failed', limit: '-', isMet: false, note: error instanceof Error ? error.message : String(error) };
}
