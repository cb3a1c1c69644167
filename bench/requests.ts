/** Requests a second with an API key, with 20 projects and 100 apps in the database. Measured by wrk, which shares the two cores. */
import type { Dockup } from '../test/support/dockup.ts';
import { run } from '../scripts/setup/run.ts';
import { median, type Figure } from './table.ts';

const rounds = 3;
const key = ({ credentials }: Dockup) => credentials.api_key;

/** One app, and all there is as clients of Dokploy read it. */
export async function benchRequests(dockup: Dockup): Promise<Figure[]> {
  await fill(dockup);
  const all = { path: '/api/project.all', header: `x-api-key: ${key(dockup)}` };
  return [
    await benchRate(dockup, { name: 'GET /api/v1/apps/{slug}', path: '/api/v1/apps/load-7-2', header: `Authorization: Bearer ${key(dockup)}`, least: 2_000 }),
    await benchRate(dockup, { name: 'GET /api/project.all', ...all, least: 1_500 }),
    await benchLatency(dockup, { name: 'GET /api/project.all, one at a time', ...all, most: 1 }),
  ];
}

async function fill(dockup: Dockup): Promise<void> {
  for (let p = 0; p < 20; p++) {
    const project = await dockup.createProject(`Project ${p}`);
    for (let a = 0; a < 5; a++) await dockup.createApp(project.id, { name: `App ${p}-${a}`, slug: `load-${p}-${a}`, image: 'nginx:alpine', env: { LOG_LEVEL: 'info' } });
  }
}

interface Target {
  name: string;
  path: string;
  header: string;
}

async function benchRate(dockup: Dockup, { name, least, ...target }: Target & { least: number }): Promise<Figure> {
  const rates = await measure(dockup, target, 8, /Requests\/sec:\s+([\d.]+)/);
  const rate = median(rates);
  return {
    name: `${name}, ${dockup.host} host`,
    measured: `${rate.toFixed(0)} req/s`,
    limit: dockup.host === 'embedded' ? `${least} req/s` : '-',
    isMet: dockup.host !== 'embedded' || rate >= least,
    note: `wrk -t1 -c8, median of ${rounds} rounds of 5 s, 20 projects, 100 apps`,
  };
}

/** @param target `most`: ms that half of the requests take at most */
async function benchLatency(dockup: Dockup, { name, most, ...target }: Target & { most: number }): Promise<Figure> {
  const p50 = median(await measure(dockup, target, 1, /50%\s+([\d.]+(?:us|ms|s))/));
  return {
    name: `${name}, ${dockup.host} host`,
    measured: `${p50.toFixed(2)} ms`,
    limit: dockup.host === 'embedded' ? `${most} ms` : '-',
    isMet: dockup.host !== 'embedded' || p50 <= most,
    note: `p50 of wrk -t1 -c1, median of ${rounds} rounds of 5 s, 20 projects, 100 apps`,
  };
}

async function measure({ url }: Dockup, { path, header }: Omit<Target, 'name'>, connections: number, figure: RegExp): Promise<number[]> {
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const output = await run('wrk', ['-t1', `-c${connections}`, '-d5', '--latency', '-H', header, `${url}${path}`]);
    if (/Non-2xx/.test(output)) throw new Error(`not every reply was 200:\n${output}`);
    figures.push(toNumber(figure.exec(output)?.[1] ?? ''));
  }
  return figures;
}

/** wrk writes times with their unit: here in ms. */
function toNumber(text: string): number {
  const unit = /[a-z]+$/.exec(text)?.[0];
  return Number.parseFloat(text) * (unit === 'us' ? 0.001 : unit === 's' ? 1_000 : 1);
}
