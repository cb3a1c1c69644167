/**
 * `npm test [-- <vitest arguments>]`: set-up, fixture images, every project, and as the last line `N passed, N failed`. A test that was
 * skipped, a file that could not be loaded, an error nobody caught and a runner that died all count as failed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureImages } from '../test/support/images.ts';
import type { Totals } from '../test/support/totals-reporter.ts';
import { root } from './local/settings.ts';
import { exitOnSetupError } from './setup/exit.ts';
import { setUp } from './setup/setup.ts';

const socket = '/var/run/docker.sock';
const say = (line: string) => console.log(line);

const folder = await mkdtemp(join(tmpdir(), 'dockup-totals-'));
let totals: Totals = { passed: 0, failed: 1 };
await exitOnSetupError(async () => {
  await setUp({ programs: ['haproxy', 'caddy', 'chromium', 'busybox', 'debootstrap', 'docker-compose', 'ip'], socket, mayInstall: true, say });
  await ensureImages((line) => say(`setup: ${line} …`));
  const totalsPath = join(folder, 'totals.json');
  const code = await runVitest(process.argv.slice(2), totalsPath);
  totals = await readTotals(totalsPath, code);
});
await rm(folder, { recursive: true, force: true });

console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

function runVitest(args: string[], totalsPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const reporters = ['--reporter=default', `--reporter=${join(root, 'test/support/totals-reporter.ts')}`];
    const vitest = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, DOCKUP_TEST_TOTALS: totalsPath },
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => vitest.kill(signal));
    vitest.on('error', reject);
    vitest.on('exit', (code) => resolve(code ?? 1));
  });
}

/** A run that wrote nothing, or failed for a reason that no test tells, is one failure more. */
async function readTotals(path: string, code: number): Promise<Totals> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  // Written by the reporter, in the shape it exports.
  const counted = text === undefined ? { passed: 0, failed: 0 } : (JSON.parse(text) as Totals);
  return code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
}
