/**
 * Images for tests: made on this machine, never pulled. Each is imported from a tar of a folder that is laid out here; the label
 * tells which definition it was made from, so that a changed definition is made anew and an unchanged one costs nothing.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Docker from 'dockerode';
import { run } from '../../scripts/setup/run.ts';
import { withSharedLibraries } from './shared-libraries.ts';

const here = import.meta.dirname;

export const images = {
  /** busybox httpd: see images/busybox.sh for what it can be told to do. Starts in milliseconds. */
  busybox: 'dockup-test/busybox:1',
  /** A Node server with keep-alive, slow answers, streams and WebSockets: see images/server.mjs. */
  node: 'dockup-test/node:1',
  /** Debian's nginx under the name that the seed's own example uses. */
  nginx: 'nginx:alpine',
} as const;

interface Fixture {
  name: string;
  /** What the image depends on: another value makes it anew. */
  definition: () => Promise<string>;
  /** Lay out the root file system in an empty folder. */
  layOut: (root: string) => Promise<void>;
  /** Dockerfile instructions that say how it runs. */
  changes: string[];
  /** An image of this name that somebody else put there serves as well, and is left alone. */
  acceptForeign?: boolean;
}

const fixtures: Fixture[] = [
  {
    name: images.busybox,
    definition: async () => 'applets 2' + (await readFile(join(here, 'images/busybox.sh'), 'utf8')),
    layOut: async (root) => {
      await mkdir(join(root, 'bin'));
      await copyFile('/bin/busybox', join(root, 'bin/busybox'));
      for (const applet of ['sh', 'cat', 'chmod', 'echo', 'httpd', 'kill', 'mkdir', 'printf', 'sleep', 'tail']) await symlink('busybox', join(root, 'bin', applet));
      await copyFile(join(here, 'images/busybox.sh'), join(root, 'bin/serve'));
      await chmod(join(root, 'bin/serve'), 0o755);
    },
    changes: ['ENV PATH=/bin', 'CMD ["/bin/serve"]', 'EXPOSE 80'],
  },
  {
    name: images.node,
    definition: async () => process.version + (await readFile(join(here, 'images/server.mjs'), 'utf8')),
    layOut: async (root) => {
      for (const file of await withSharedLibraries(process.execPath)) {
        const target = join(root, file === process.execPath ? '/bin/node' : file);
        await mkdir(dirname(target), { recursive: true });
        await copyFile(file, target);
      }
      await copyFile(join(here, 'images/server.mjs'), join(root, 'server.mjs'));
    },
    changes: ['CMD ["/bin/node", "/server.mjs"]', 'EXPOSE 80'],
  },
  {
    name: images.nginx,
    definition: async () => 'debootstrap minbase nginx-light 1',
    layOut: async (root) => {
      const release = await readFile('/etc/os-release', 'utf8');
      const suite = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? 'stable';
      await run('debootstrap', ['--variant=minbase', '--include=nginx-light', suite, root]);
      for (const waste of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale', 'usr/share/man']) await rm(join(root, waste), { recursive: true, force: true });
      // As in the official image: the logs of the server are the logs of the container.
      for (const [log, device] of [['access.log', '/dev/stdout'], ['error.log', '/dev/stderr']] as const) {
        await rm(join(root, 'var/log/nginx', log), { force: true });
        await symlink(device, join(root, 'var/log/nginx', log));
      }
      await writeFile(join(root, 'var/www/html/index.html'), '<h1>Welcome to nginx!</h1>\n');
    },
    changes: ['CMD ["nginx", "-g", "daemon off;"]', 'EXPOSE 80'],
    acceptForeign: true,
  },
];

const label = 'dockup.test.fixture';

/** Make what is missing. `say` gets a line for each image that has to be made. */
export async function ensureImages(say: (line: string) => void = () => {}, docker = new Docker()): Promise<void> {
  for (const fixture of fixtures) {
    const fingerprint = createHash('sha256').update(JSON.stringify(fixture.changes)).update(await fixture.definition()).digest('hex').slice(0, 16);
    const [found] = await docker.listImages({ filters: { reference: [fixture.name] } });
    if (found !== undefined && isCurrent(found, fixture, fingerprint)) continue;
    say(`making image ${fixture.name}`);
    await make(docker, fixture, fingerprint);
    // The old one has lost its name; where a container still uses it, it stays until that is gone.
    if (found !== undefined) await docker.getImage(found.Id).remove().catch(() => {});
  }
}

function isCurrent(image: Docker.ImageInfo, fixture: Fixture, fingerprint: string): boolean {
  const made = image.Labels?.[label];
  return made === fingerprint || (made === undefined && fixture.acceptForeign === true);
}

async function make(docker: Docker, fixture: Fixture, fingerprint: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'dockup-image-'));
  try {
    // The engine takes over the mode of the root folder, and mkdtemp makes it private.
    await chmod(root, 0o755);
    await fixture.layOut(root);
    await mkdir(join(root, 'tmp'), { recursive: true });
    const [repo, tag] = fixture.name.split(':');
    const tar = spawn('tar', ['--create', '--numeric-owner', '--directory', root, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const reply = await docker.importImage(tar.stdout, { repo, tag, changes: [...fixture.changes, `LABEL ${label}=${fingerprint}`] });
    await finished(docker, reply);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The engine reports a failed import inside a 200 reply. */
function finished(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())));
}
