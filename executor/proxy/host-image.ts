/** An image made of a program of this host and the shared libraries it needs: no registry is asked, and the program is as new as the host keeps it. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { labels } from '../../shared/names.ts';

const run = promisify(execFile);

export interface HostImage {
  program: 'haproxy' | 'caddy';
  /** Further files of the host that the program reads. Those that are missing are left out. */
  files: readonly string[];
}

const directories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];

/** The image's name, made first where the engine lacks it. @throws AppError proxy_unavailable */
export async function hostImage(docker: Dockerode, serverId: string, { program, files }: HostImage): Promise<{ name: string; path: string }> {
  const path = await findProgram(program);
  const content = [path, ...(await libraries(path)), ...(await present(files))];
  const name = `dockup/${program}:${serverId.slice(-8)}-${await fingerprintOf(content)}`;
  if (!(await hasImage(docker, name))) await importFiles(docker, { name, content, serverId });
  return { name, path };
}

async function findProgram(program: string): Promise<string> {
  const [path] = await present(directories.map((directory) => `${directory}/${program}`));
  if (path === undefined) throw new AppError('proxy_unavailable', { detail: `find ${program}: it is not installed in ${directories.join(', ')}` });
  return path;
}

async function present(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => access(path).then(() => [path], () => [])));
  return found.flat();
}

/** Paths out of lines such as `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`. A program without any (static) makes ldd fail. */
async function libraries(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

/** An upgrade of a package on the host gives a new image; it is used when the container is next made anew, so that what serves is not interrupted. */
async function fingerprintOf(files: readonly string[]): Promise<string> {
  const facts = await Promise.all(files.map(async (file) => `${file} ${await stat(file).then(({ size, mtimeMs }) => `${size} ${mtimeMs}`)}`));
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 12);
}

async function hasImage(docker: Dockerode, name: string): Promise<boolean> {
  const found = await docker.listImages({ filters: { reference: [name] } });
  return found.length > 0;
}

interface ImportOptions {
  name: string;
  content: readonly string[];
  serverId: string;
}

async function importFiles(docker: Dockerode, { name, content, serverId }: ImportOptions): Promise<void> {
  const [repo = '', tag = ''] = name.split(':');
  const changes = [`LABEL ${labels.managed}=true`, `LABEL ${labels.server}=${serverId}`];
  const tar = spawn('tar', ['--create', '--dereference', '--directory=/', '--file=-', ...content.map((path) => path.slice(1))], { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaint = text(tar.stderr);
  const ended = once(tar, 'close');
  const answer = await docker.importImage(tar.stdout, { repo, tag, changes });
  const progress = await text(answer);
  const [code] = await ended;
  if (code !== 0) throw new AppError('proxy_unavailable', { detail: `make image ${name}: tar failed: ${(await complaint).slice(0, 300)}` });
  if (progress.includes('"errorDetail"')) throw new AppError('proxy_unavailable', { detail: `make image ${name}: ${progress.slice(0, 300)}` });
}
