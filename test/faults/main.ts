/**
 * `npm run test:faults -- [--runs N] [--seed S] [--host embedded|edge] [--only I,J] [--lanes L]`: break everything that can break, and check that nothing is lost. The
 * same seed makes the same schedules; `--only` repeats single runs of one.
 */
import { parseArgs } from 'node:util';
import { exitOnSetupError } from '../../scripts/setup/exit.ts';
import { SetupError } from '../../scripts/setup/error.ts';
import { setUp } from '../../scripts/setup/setup.ts';
import { ensureImages } from '../support/images.ts';
import { runAll } from './run-all.ts';
import { isWell, tell } from './run.ts';
import { planRuns } from './schedule.ts';
import { summarise } from './table.ts';

const usage = 'npm run test:faults -- [--runs N] [--seed S] [--host embedded|edge] [--only I,J] [--lanes L]';
const say = (line: string) => console.log(line);

await exitOnSetupError(async () => {
  const values = readOptions();
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : wholeNumber('--seed', values.seed);
  const { host } = values;
  if (host !== 'embedded' && host !== 'edge') throw new SetupError('--host is embedded or edge.');
  const all = planRuns(seed, wholeNumber('--runs', values.runs), host);
  const only = values.only?.split(',').map((index) => wholeNumber('--only', index));
  const runs = all.filter(({ index }) => only?.includes(index) !== false);
  if (runs.length === 0) throw new SetupError('There is nothing to run: --only counts from 0, below --runs.');
  await setUp({ programs: ['haproxy', 'busybox', 'debootstrap'], socket: '/var/run/docker.sock', mayInstall: true, say });
  await ensureImages(say);
  say(`${host} host, seed ${seed}, ${runs.length} runs`);
  const { reports, left } = await runAll({ host, seed, runs, lanes: wholeNumber('--lanes', values.lanes), onReport: (report) => tell(report).forEach(say) });
  for (const line of left) say(`left behind at the end: ${line}`);
  for (const [name, figure] of summarise(reports)) say(`${name.padEnd(34)} ${figure}`);
  process.exitCode = reports.every(isWell) && left.length === 0 ? 0 : 1;
});

function readOptions() {
  const options = { runs: { type: 'string', default: '120' }, seed: { type: 'string' }, host: { type: 'string', default: 'embedded' }, only: { type: 'string' }, lanes: { type: 'string', default: '1' } } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new SetupError(`${option} takes a number.`);
  return Number(text);
}
