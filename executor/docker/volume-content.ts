/**
 * What is in a volume, as a tar. The engine packs and unpacks it through a container that is made for this, mounts the volume and is
 * never started: so it needs no path of the host and no program in any image.
 */
import { randomBytes } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import { labels } from '../../shared/names.ts';
import { interrupted } from '../transfers.ts';
import { createContainer, removeContainer } from './containers.ts';
import { asked, daemonMessage, statusOf, toAppError, type Engine } from './engine.ts';
import { helperRole } from './volumes.ts';

/** What reaching into a volume works with. */
interface HelperHost {
  engine: Engine;
  /** Names of the helpers in use: what the engine has besides was left by an earlier process. */
  helpers: Set<string>;
}

const mountPoint = '/volume';

/** `send` gets the content. @throws AppError engine_error when no image is there to make a container from */
export function readContent(host: HelperHost, volume: string, send: (content: Readable) => Promise<void>): Promise<void> {
  return withHelper(host, volume, async (container) => {
    // The dot makes the paths in the archive start at the volume itself.
    const content = await asked('read volume', host.engine.docker.getContainer(container).getArchive({ path: `${mountPoint}/.` }));
    const readable = Readable.from(content);
    try {
      await send(readable);
    } finally {
      readable.destroy();
    }
  });
}

/** Unpacks a tar, plain or compressed as the engine knows it. @throws AppError archive_invalid; upload_interrupted when `content` breaks */
export function writeContent(host: HelperHost, volume: string, content: Readable): Promise<void> {
  return withHelper(host, volume, async (container) => {
    const broken: { cause?: unknown } = {};
    content.on('error', (error) => (broken.cause = error));
    const counted = countBytes(content);
    try {
      await host.engine.docker.getContainer(container).putArchive(counted.stream, { path: mountPoint });
    } catch (error) {
      throw broken.cause === undefined ? toArchiveError(error) : interrupted(broken.cause);
    }
    // To the engine no bytes at all are an archive, too.
    if (counted.count() === 0) throw new AppError('archive_invalid', { detail: 'The body is empty: send a tar.' });
  });
}

/** Helpers that a killed executor has left. */
export async function removeLostHelpers({ engine, helpers }: HelperHost): Promise<void> {
  const label = [`${labels.managed}=true`, `${labels.server}=${engine.serverId}`, `${labels.role}=${helperRole}`];
  const found = await asked('list containers', engine.quick.listContainers({ all: true, filters: { label } }));
  for (const { Id, Names } of found) if (!Names.some((name) => helpers.has(name.slice(1)))) await removeContainer(engine, Id);
}

async function withHelper(host: HelperHost, volume: string, work: (container: string) => Promise<void>): Promise<void> {
  const { engine, helpers } = host;
  const name = `dockup-helper-${randomBytes(8).toString('hex')}`;
  helpers.add(name);
  try {
    const container = await createContainer(engine, {
      name,
      Image: await findAnyImage(engine),
      // Some images have no command of their own, and the engine insists on one.
      Cmd: ['never-started'],
      Labels: { [labels.managed]: 'true', [labels.server]: engine.serverId, [labels.role]: helperRole },
      HostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'volume', Source: volume, Target: mountPoint }] },
    });
    try {
      await work(container);
    } finally {
      await removeContainer(engine, container);
    }
  } finally {
    helpers.delete(name);
  }
}

async function findAnyImage({ quick }: Engine): Promise<string> {
  const [image] = await asked('list images', quick.listImages());
  if (image === undefined) throw new AppError('engine_error', { detail: 'The server has no image yet, and without one its engine cannot reach into a volume: deploy something first.' });
  return image.Id;
}

function countBytes(content: Readable): { stream: Transform; count(): number } {
  let count = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.length;
      done(null, chunk);
    },
  });
  // A source that breaks must break the request, too: an end would pass for a whole archive.
  content.on('error', (error) => stream.destroy(error));
  content.pipe(stream);
  return { stream, count: () => count };
}

function toArchiveError(error: unknown): AppError {
  const message = daemonMessage(error);
  const isRefused = statusOf(error) === 400 || /tar|EOF|gzip|bzip2|xz|zstd|outside of/i.test(message);
  return isRefused ? new AppError('archive_invalid', { detail: `The engine could not unpack the body: ${message}. What came before the fault may already be in the volume.`, cause: error }) : toAppError('write volume', error);
}
