/** Bringing an image onto the engine: within its time, and while there is room. */
import { AppError } from '../../shared/errors.ts';
import { anySignal } from '../any-signal.ts';
import { guardDisk } from '../disk.ts';
import { requireReachable } from '../docker/engine.ts';
import { findImage, listImages, pullImage, requireImage } from '../docker/images.ts';
import { dataRootOf } from '../images/load.ts';
import { describeError } from '../log.ts';
import type { DeployHost } from './host.ts';
import type { Deployment } from './run.ts';

/** @throws AppError image_not_found, image_not_kept, image_pull_failed, insufficient_storage, deadline_exceeded */
export async function pull(host: DeployHost, { spec, control }: Deployment): Promise<void> {
  const { engine, policy, dir } = host;
  if (spec.pull_policy === 'never' || !policy.pull) return requireImage(engine, spec.image);
  const guard = guardDisk(await dataRootOf(engine), dir);
  guard(0);
  const before = new Set((await listImages(engine)).map(({ id }) => id));
  await withDeadline(host, spec.image, control.signal, (signal) => pullImage(engine, spec.image, { signal, onProgress: guard }));
  await notePulled(host, spec.image, before);
}

async function withDeadline({ engine, deadlines }: DeployHost, image: string, cancelled: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const deadline = AbortSignal.timeout(deadlines.pull * 1000);
  try {
    await work(anySignal(cancelled, deadline));
  } catch (cause) {
    cancelled.throwIfAborted();
    if (deadline.aborted) throw new AppError('deadline_exceeded', { detail: `pull ${image}: not done within ${deadlines.pull} s (DOCKUP_PULL_TIMEOUT).`, cause });
    // An engine that shuts down gives its pulls up, and tells of it as of any other failure.
    await requireReachable(engine);
    throw cause;
  }
}

/** Best effort: an image that is not noted is only never removed for want of room. */
async function notePulled({ engine, pulled, log }: DeployHost, image: string, before: ReadonlySet<string>): Promise<void> {
  try {
    const id = await findImage(engine, image);
    if (id !== null && !before.has(id)) await pulled.note({ id, image }, new Set([...before, id]));
  } catch (error) {
    log.warn('a pulled image is not noted as such', { image, error: describeError(error) });
  }
}
