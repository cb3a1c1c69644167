/** Requests a second of one app with an API key, with 20 projects and 100 apps in the database. Measured by wrk, which shares the two cores. */
import type { Dockup } from '../test/support/dockup.ts';
import { run } from '../scripts/setup/run.ts';
import { median, type Figure } from './table.ts';

const rounds = 3;

export async function benchRequests(dockup: Dockup): Promise<Figure> {
  await fill(dockup);
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) rates.push(await measure(dockup));
  const rate = median(rates);
  return {
    name: `GET /api/v1/apps/{slug}, ${dockup.host} host`,
    measured: `${rate.toFixed(0)} req/s`,
    limit: dockup.host === 'embedded' ? '2000 req/s' : '-',
    isMet: dockup.host !== 'embedded' || rate >= 2_000,
    note: `wrk -t1 -c8, median of ${rounds} rounds of 5 s, 20 projects, 100 apps`,
  };
}

async function fill(dockup: Dockup): Promise<void> {
  for (let p = 0; p < 20; p++) {
    const project = await dockup.createProject(`Project ${p}`);
    for (let a = 0; a < 5; a++) await dockup.createApp(project.id, { name: `App ${p}-${a}`, slug: `load-${p}-${a}`, image: 'nginx:alpine', env: { LOG_LEVEL: 'info' } });
  }
}

async function measure(dockup: Dockup): Promise<number> {
  const output = await run('wrk', ['-t1', '-c8', '-d5', '-H', `Authorization: Bearer ${dockup.credentials.api_key}`, `${dockup.url}/api/v1/apps/load-7-2`]);
  if (/Non-2xx/.test(output)) throw new Error(`not every reply was 200:\n${output}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
}
