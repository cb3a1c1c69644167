/** Images: whether the engine has one, and pulling it. No registry credentials yet. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../shared/errors.ts';
import { canonicalImage } from '../../shared/image-reference.ts';
import { isKeptImage, labels } from '../../shared/names.ts';
import { anySignal } from '../any-signal.ts';
import { asked, daemonMessage, inTime, statusOf, toAppError, type Engine } from './engine.ts';
import { readFailure } from './progress.ts';
import { createPullProgress } from './pull-progress.ts';

/** Stricter than the engine: a reference is put into the path of its API, so it may not walk there. */
const reference = /^[a-zA-Z0-9]+(?:[._:/@-]+[a-zA-Z0-9]+)*$/;

export function isImageReference(image: string): boolean {
  return reference.test(image) && !image.includes('..') && !image.includes('//');
}

/** The engine pulls every tag of a reference that names none. */
export function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return image.includes('@') || last.includes(':') ? image : `${image}:latest`;
}

/** Id of the image, or null when the engine does not have it under this name: it also answers to the beginning of an id, whoever the image belongs to (SEC-04). */
export async function findImage({ quick }: Engine, image: string): Promise<string | null> {
  const name = canonicalImage(image);
  try {
    const { Id, RepoTags, RepoDigests } = await quick.getImage(name).inspect();
    return [RepoTags, RepoDigests].flat().includes(name) ? Id : null;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw toAppError('inspect image', error);
  }
}

export interface PullOptions {
  signal: AbortSignal;
  /** Told with the bytes that are still to come, as far as they are known; may throw to end it. */
  onProgress?: (coming: number) => void;
}

/** @throws AppError image_not_found, image_pull_failed, insufficient_storage; the signal's reason, or what `onProgress` throws */
export async function pullImage({ docker }: Engine, image: string, { signal, onProgress }: PullOptions): Promise<void> {
  const ended = new AbortController();
  const progress = createPullProgress();
  const watch = (said: unknown) => {
    progress.take(said);
    onProgress?.(progress.coming());
  };
  try {
    // The engine's client answers with the reply itself, which its types do not say; its own reader of such streams passes over failures.
    const reply = (await docker.createImage({ fromImage: withTag(image), abortSignal: anySignal(signal, ended.signal) })) as IncomingMessage;
    const failure = await readFailure(reply, watch);
    if (failure !== null) throw new Error(failure);
  } catch (error) {
    // The engine throws away what it has of a pull that nobody waits for.
    ended.abort();
    signal.throwIfAborted();
    throw toPullError(image, error);
  }
}

const absent = /not found|manifest unknown|pull access denied|does not exist|unauthorized|authentication required|denied:|invalid reference/i;

function toPullError(image: string, error: unknown): AppError {
  const mapped = toAppError('pull image', error);
  if (mapped.code !== 'engine_error') return mapped;
  const message = daemonMessage(error);
  const isAbsent = statusOf(error) === 404 || absent.test(message);
  return new AppError(isAbsent ? 'image_not_found' : 'image_pull_failed', { detail: `pull ${image}: ${message}`, cause: error });
}

/** @throws AppError image_not_found, image_not_kept */
export async function requireImage(engine: Engine, image: string): Promise<void> {
  if ((await asked('inspect image', findImage(engine, image))) !== null) return;
  if (isKeptImage(image)) throw new AppError('image_not_kept', { detail: `The server no longer has the image ${image}.` });
  throw new AppError('image_not_found', { detail: `The image ${image} is not on the server, and the pull policy is "never".` });
}

export interface ListedImage {
  id: string;
  /** Its names, with their tags. */
  tags: string[];
  /** The `dockup.server` label. */
  server: string | undefined;
}

export async function listImages({ quick }: Engine): Promise<ListedImage[]> {
  const found = await asked('list images', quick.listImages());
  // An image without a name has one that says so.
  return found.map(({ Id, RepoTags, Labels }) => ({ id: Id, tags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'), server: Labels?.[labels.server] }));
}

/** Ids of the images that containers of this engine are made from, whosever they are. */
export async function usedImages({ quick }: Engine): Promise<Set<string>> {
  const containers = await asked('list containers', quick.listContainers({ all: true }));
  return new Set(containers.map(({ ImageID }) => ImageID));
}

/** Give the image one more name. `name` has a tag. */
export async function tagImage(engine: Engine, imageId: string, name: string): Promise<void> {
  const colon = name.lastIndexOf(':');
  const doing = 'tag image';
  await asked(doing, inTime(engine, doing, (options) => engine.docker.getImage(imageId).tag({ repo: name.slice(0, colon), tag: name.slice(colon + 1), ...options })));
}

/** Take the name away, and the image with its last one. False when a container uses it under no other name. */
export async function untagImage(engine: Engine, name: string): Promise<boolean> {
  try {
    await inTime(engine, 'untag image', (options) => engine.docker.getImage(name).remove(options));
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return false;
    if (statusOf(error) === 404) return true;
    throw toAppError('untag image', error);
  }
}
