/** Volumes of an app: listed, removed, sent as a tar and filled from one. */
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { guardDisk } from '../disk.ts';
import { readContent, writeContent } from '../docker/volume-content.ts';
import { ensureVolume, listVolumes, removeVolume, requireVolume } from '../docker/volumes.ts';
import { dataRootOf } from '../images/load.ts';
import type { HandlerContext } from './context.ts';

export async function readVolumes({ host }: HandlerContext, { app }: Params<'volumes'>): Promise<Result<'volumes'>> {
  const found = await listVolumes(host.engine, app);
  return { volumes: found.map(({ name, size, isMounted }) => ({ name, size, is_mounted: isMounted })) };
}

export async function deleteVolume({ host }: HandlerContext, { app, volume }: Params<'remove_volume'>): Promise<Result<'remove_volume'>> {
  // Not between the moment a deployment has made it and the one its container has it.
  await host.containers.hold(app, () => removeVolume(host.engine, { app, volume }));
  return {};
}

export async function sendVolume({ host, transfers }: HandlerContext, { app, volume, transfer }: Params<'read_volume'>, signal: AbortSignal): Promise<Result<'read_volume'>> {
  const name = await requireVolume(host.engine, { app, volume });
  await readContent(host, name, (content) => transfers.send(transfer, content, signal));
  return {};
}

export async function fillVolume({ host, transfers, uploads }: HandlerContext, { app, volume, transfer }: Params<'write_volume'>, signal: AbortSignal): Promise<Result<'write_volume'>> {
  const { engine, policy } = host;
  if (!policy.uploads) throw new AppError('upload_disabled');
  const { body: content, length, over } = await transfers.fetch(transfer, signal);
  // A sender that goes while others are waited for is noticed when it is read.
  content.on('error', () => undefined);
  try {
    const { maxBytes } = uploads;
    const guard = guardDisk(await dataRootOf(engine), host.dir);
    guard(length ?? 0);
    const name = await host.containers.hold(app, () => ensureVolume(engine, { app, volume }));
    await writeContent(host, name, { content, maxBytes, guard, signal });
  } finally {
    content.destroy();
    await over;
  }
  return {};
}
