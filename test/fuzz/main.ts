/**
 * `npm run test:fuzz -- [--requests N] [--seed S] [--host embedded|edge] [--only operation,…] [--lanes L]`: requests made from the OpenAPI documents, right ones and wrong ones, each reply
 * held against the document. The same seed makes the same requests.
 */
import { parseArgs } from 'node:util';
import { SetupError } from '../../scripts/setup/error.ts';
import { exitOnSetupError } from '../../scripts/setup/exit.ts';
import { fuzz } from './run.ts';
import { printReport, isClean } from './report.ts';

const usage = 'npm run test:fuzz -- [--requests N] [--seed S] [--host embedded|edge] [--only operation,…] [--lanes L]';
const say = (line: string) => process.stdout.write(`${line}\n`);

await exitOnSetupError(async () => {
  const values = readOptions();
  const { host } = values;
  if (host !== 'embedded' && host !== 'edge') throw new SetupError('--host is embedded or edge.');
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : wholeNumber('--seed', values.seed);
  const requests = wholeNumber('--requests', values.requests);
  say(`${host} host, seed ${seed}, ${requests} requests`);
  const began = performance.now();
  const report = await fuzz({ host, seed, requests, lanes: wholeNumber('--lanes', values.lanes), onFinding: (lines) => lines.forEach(say), ...(values.only !== undefined && { only: values.only.split(',') }) });
  printReport(report).forEach(say);
  say(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  process.exitCode = isClean(report) ? 0 : 1;
});

function readOptions() {
  const options = { requests: { type: 'string', default: '20000' }, seed: { type: 'string' }, host: { type: 'string', default: 'embedded' }, only: { type: 'string' }, lanes: { type: 'string', default: '6' } } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new SetupError(`${option} takes a number above 0.`);
  return Number(text);
}
