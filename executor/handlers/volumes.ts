/** Volumes of an app: listed, removed, sent as a tar and filled from one. */
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { readContent, writeContent } from '../docker/volume-content.ts';
import { ensureVolume, listVolumes, removeVolume, requireVolume } from '../docker/volumes.ts';
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

export async function fillVolume({ host, transfers }: HandlerContext, { app, volume, transfer }: Params<'write_volume'>, signal: AbortSignal): Promise<Result<'write_volume'>> {
  const { body } = await transfers.fetch(transfer, signal);
  try {
    const name = await host.containers.hold(app, () => ensureVolume(host.engine, { app, volume }));
    await writeContent(host, name, body);
  } finally {
    body.destroy();
  }
  return {};
}
