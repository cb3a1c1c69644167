/**
 * `node scripts/bootstrap.mjs <script.ts> args…`: what every npm script goes through. Runs on Node 20 without `node_modules`: it
 * installs the npm packages when they are missing or older than the lock file, then runs the script with the Node that the
 * packages bring, because TypeScript without a build step needs 22.18 or later. Without a script it installs and no more.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bundledNode = join(root, 'node_modules', 'node', 'bin', 'node');

if (!isInstalled()) install();
if (process.argv.length > 2) run(process.argv.slice(2));

/** npm writes `.package-lock.json` last, so its time is that of the last complete installation. */
function isInstalled() {
  const done = join(root, 'node_modules', '.package-lock.json');
  return existsSync(bundledNode) && existsSync(done) && statSync(done).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** Install scripts run for these packages alone (the same list as `allowScripts`, which npm before 11 does not know). */
function install() {
  console.log('setup: installing npm packages …');
  for (const args of [['ci', '--ignore-scripts', '--no-fund', '--no-audit'], ['rebuild', 'node', 'workerd', 'esbuild']]) {
    const npm = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
    if (npm.status === 0) continue;
    process.stderr.write(`${npm.stdout ?? ''}${npm.stderr ?? ''}${npm.error?.message ?? ''}\nsetup: \`npm ${args[0]}\` failed; its output is above. Nothing was started.\n`);
    process.exit(1);
  }
  // Without it the first start would compile everything, and keep the memory that this takes. A failure costs only that.
  spawnSync(findNode(), ['scripts/warm.ts'], { cwd: root, env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'dockup') } });
}

/** @returns {string} the Node to run TypeScript with */
function findNode() {
  // The package has no binary that starts on some machines (musl, for one).
  if (spawnSync(bundledNode, ['--version']).status === 0) return bundledNode;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  console.error(`setup: Node ${process.versions.node} cannot run TypeScript and ${bundledNode} does not start. Run \`npm ci\`, or install Node 24.`);
  process.exit(1);
}

/** @param {string[]} args */
function run(args) {
  const child = spawn(findNode(), args, { stdio: 'inherit', env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}` } });
  // Ctrl+C reaches the whole process group, so the child has SIGINT already; SIGTERM and SIGHUP go to one process and are passed on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`setup: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGKILL' ? 9 : 15)));
}
