/**
 * What is in a volume, as a tar. The engine packs and unpacks it through a container that is made for this, mounts the volume and is
 * never started: so it needs no path of the host and no program in any image.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { labels } from '../../shared/names.ts';
import { anySignal } from '../any-signal.ts';
import { isDiskFull } from '../disk.ts';
import { explain } from '../images/filter.ts';
import { unpackingStages } from '../images/unpack.ts';
import { interrupted } from '../transfers.ts';
import { createContainer, removeContainer } from './containers.ts';
import { asked, daemonMessage, statusOf, toAppError, type Engine } from './engine.ts';
import { createInspector } from './volume-archive.ts';
import { helperRole } from './volumes.ts';

/** What reaching into a volume works with. */
interface HelperHost {
  engine: Engine;
  /** Names of the helpers in use: what the engine has besides was left by an earlier process. */
  helpers: Set<string>;
}

const mountPoint = '/volume';
/** Nothing of the image gets into an empty volume. */
const emptyMount = { NoCopy: true, Labels: {}, DriverConfig: { Name: '', Options: {} } };

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

export interface Unpacking {
  /** A tar; plain, gzip or zstd. */
  content: Readable;
  /** Bytes of it, unpacked. */
  maxBytes: number;
  /** Throws when so many more bytes have no room. */
  guard: (coming: number) => void;
  signal: AbortSignal;
}

/** Unpacks a tar. @throws AppError archive_invalid, archive_too_large, insufficient_storage; upload_interrupted when `content` breaks */
export function writeContent(host: HelperHost, volume: string, unpacking: Unpacking): Promise<void> {
  const { content } = unpacking;
  // It may break before anybody reads it.
  content.on('error', () => undefined);
  return withHelper(host, volume, (container) => unpack(host.engine.docker.getContainer(container), unpacking));
}

async function unpack(container: Dockerode.Container, { content, maxBytes, guard, signal }: Unpacking): Promise<void> {
  const inspector = await createInspector();
  const stages = [...(await unpackingStages(content, { maxBytes, onProgress: () => guard(0), signal }).catch(interruptedUnlessRefused)), inspector];
  // Whichever breaks by itself does so first: the others are taken down after it.
  let broken: { by: unknown; error: unknown } | undefined;
  for (const stream of [content, ...stages]) stream.once('error', (error) => (broken ??= { by: stream, error }));
  const ended = new AbortController();
  const reading = pipeline([content, ...stages], { signal });
  const writing = container.putArchive(inspector, { path: mountPoint, abortSignal: anySignal(signal, ended.signal) });
  try {
    await Promise.all([reading, writing]);
  } catch (error) {
    const first = broken;
    ended.abort(error);
    inspector.destroy();
    await Promise.allSettled([reading, writing]);
    signal.throwIfAborted();
    throw first === undefined ? toArchiveError(error) : first.by === content ? interrupted(first.error) : toRefusal(first.error);
  }
}

function interruptedUnlessRefused(error: unknown): never {
  throw error instanceof AppError ? error : interrupted(error);
}

function toRefusal(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('archive_invalid', { detail: `The archive cannot be read: ${explain(error)}. ${mayBeThere}`, cause: error });
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
      Image: await findImage(engine),
      // Some images have no command of their own, and the engine insists on one.
      Cmd: ['never-started'],
      Labels: { [labels.managed]: 'true', [labels.server]: engine.serverId, [labels.role]: helperRole },
      HostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'volume', Source: volume, Target: mountPoint, VolumeOptions: emptyMount }] },
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

/** The proxy's, which is there to stay: an image of an app could not be let go of meanwhile. */
async function findImage({ quick, serverId }: Engine): Promise<string> {
  const images = await asked('list images', quick.listImages());
  const image = images.find(({ Labels }) => Labels?.[labels.server] === serverId) ?? images[0];
  if (image === undefined) throw new AppError('engine_error', { detail: 'The server has no image yet, and without one its engine cannot reach into a volume: deploy something first.' });
  return image.Id;
}

const mayBeThere = 'What came before the fault may already be in the volume.';

function toArchiveError(error: unknown): AppError {
  const message = daemonMessage(error);
  const isRefused = statusOf(error) === 400 || /tar|EOF|outside of/i.test(message);
  if (isDiskFull(error)) return toAppError('write volume', error);
  return isRefused ? new AppError('archive_invalid', { detail: `The engine could not unpack the body: ${message}. ${mayBeThere}`, cause: error }) : toAppError('write volume', error);
}
