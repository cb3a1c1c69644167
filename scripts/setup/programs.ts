import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Programs Dockup starts and does not bring itself, with the Debian package that has each. */
export const packageOf = {
  dockerd: 'docker.io',
  // The engine writes firewall rules with it; Debian only recommends it.
  iptables: 'iptables',
  ip: 'iproute2',
  haproxy: 'haproxy',
  caddy: 'caddy',
  chromium: 'chromium',
  busybox: 'busybox-static',
  debootstrap: 'debootstrap',
  'docker-compose': 'docker-compose',
  // Only `npm run bench`.
  wrk: 'wrk',
} as const;

export type Program = keyof typeof packageOf;

/** The full path of a program, also where the search path leaves the system folders out, as it does for people who are not root. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}

export async function findMissing(programs: Program[]): Promise<Program[]> {
  const found = await Promise.all(programs.map(findProgram));
  return programs.filter((_, i) => found[i] === undefined);
}
