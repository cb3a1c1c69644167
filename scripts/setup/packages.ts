/** Debian packages: what is missing is installed, and the services that come along do not take the ports Dockup needs. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { SetupError } from './error.ts';
import { packageOf, type Program } from './programs.ts';
import { run } from './run.ts';

export type Say = (line: string) => void;

/** @throws SetupError where this machine has no apt, or this user may not use it */
export async function installPackages(missing: Program[], say: Say): Promise<void> {
  const packages = missing.map((program) => packageOf[program]);
  if (!(await isDebian())) throw new SetupError(refusal('This is neither Debian nor Ubuntu, so nothing is installed by itself.', missing));
  if (process.getuid?.() !== 0) throw new SetupError(refusal('Installing packages takes root.', missing));

  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args: string[]) =>
    run('apt-get', args, { env }).catch((cause: unknown) => {
      throw new SetupError(`${cause instanceof Error ? cause.message : String(cause)}\nNothing was started.`, { cause });
    });
  say('setup: updating the package lists …');
  await aptGet('update');
  const releaseServices = await holdServices();
  try {
    for (const name of packages) {
      say(`setup: installing ${name} …`);
      await aptGet('install', '-y', '--no-install-recommends', name);
    }
  } finally {
    await releaseServices();
  }
  await disableServices(packages.filter((name) => name === 'haproxy' || name === 'caddy'));
}

/** Why nothing is installed, and the commands that do it by hand. */
export function refusal(reason: string, missing: Program[]): string {
  const packages = missing.map((program) => packageOf[program]).join(' ');
  const services = missing.filter((program) => program === 'haproxy' || program === 'caddy');
  return [
    `${reason} Missing: ${missing.join(', ')}. On Debian or Ubuntu, as root:`,
    `  apt-get update && apt-get install -y --no-install-recommends ${packages}`,
    ...(services.length > 0 ? [`  systemctl disable --now ${services.join(' ')}`] : []),
    ...(missing.includes('dockerd') ? ['  systemctl enable --now docker'] : []),
    'Then run the same command again.',
  ].join('\n');
}

async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

const policyPath = '/usr/sbin/policy-rc.d';
const policy = `#!/bin/sh
# Written by the set-up of Dockup while packages are installed: haproxy and caddy must not take ports 80 and 443 with their default
# sites, and the engine is started by the set-up itself, which can tell why when it does not come up.
case "$1" in haproxy|caddy|docker|containerd) exit 101 ;; esac
exit 0
`;

/** Debian starts a service as soon as its package is there, unless this script says no. One that is there already is left as it is. */
async function holdServices(): Promise<() => Promise<void>> {
  if (existsSync(policyPath)) return async () => {};
  await writeFile(policyPath, policy, { mode: 0o755 });
  return () => rm(policyPath, { force: true });
}

/** And they must not come up at the next boot. Only called for packages that were not here before. */
async function disableServices(services: string[]): Promise<void> {
  if (services.length > 0 && isSystemdRunning()) await run('systemctl', ['disable', '--now', ...services]);
}

export function isSystemdRunning(): boolean {
  return existsSync('/run/systemd/system');
}
