/** Volumes: the settings say what the next deployment mounts, the server says what is there. Nothing but an explicit call that names a volume deletes it. */
import type { AddVolume } from '../../shared/api/volumes.ts';
import { AppError } from '../../shared/errors.ts';
import type { AppView } from '../store/apps.ts';
import type { Actor } from './actor.ts';
import { changeApp } from './apps.ts';
import type { Context } from './context.ts';
import { chooseServer } from './deployments.ts';
import { recordEvent } from './events.ts';

export interface VolumeState {
  name: string;
  /** Null when the settings no longer name it. */
  mountPath: string | null;
  /** Bytes. */
  size: number | null;
  isMounted: boolean;
}

const mostVolumes = 20;

/** @throws AppError executor_offline … */
export async function readVolumes(ctx: Context, app: AppView): Promise<VolumeState[]> {
  const found = await readHostVolumes(ctx, app);
  const paths = new Map(app.settings.volumes.map(({ name, mount_path }) => [name, mount_path]));
  const names = [...new Set([...paths.keys(), ...found.keys()])].sort();
  return names.map((name) => ({ name, mountPath: paths.get(name) ?? null, size: found.get(name)?.size ?? null, isMounted: found.get(name)?.is_mounted ?? false }));
}

async function readHostVolumes(ctx: Context, app: AppView) {
  const { volumes } = app.serverId === null ? { volumes: [] } : await ctx.executors.call(app.serverId, 'volumes', { app: app.id });
  return new Map(volumes.map((volume) => [volume.name, volume]));
}

/** @throws AppError volume_exists, invalid_value, too_long, concurrent_change */
export async function addVolume(ctx: Context, actor: Actor, app: AppView, volume: AddVolume): Promise<VolumeState> {
  const { volumes } = app.settings;
  if (volumes.some(({ name }) => name === volume.name)) throw new AppError('volume_exists', { detail: `The app has a volume ${volume.name}. Change its mount_path with PUT /api/v1/apps/{appId}.` });
  if (volumes.some(({ mount_path }) => mount_path === volume.mount_path)) throw fieldError('invalid_value', '/mount_path', `Another volume of the app is mounted at ${volume.mount_path}.`);
  if (volumes.length >= mostVolumes) throw fieldError('too_long', '/name', `An app has ${mostVolumes} volumes at most.`);
  await changeApp(ctx, actor, app, { volumes: [...volumes, volume] });
  return { name: volume.name, mountPath: volume.mount_path, size: null, isMounted: false };
}

function fieldError(code: 'invalid_value' | 'too_long', pointer: string, detail: string): AppError {
  return new AppError(code, { detail, errors: [{ pointer, code, detail }] });
}

/** @throws AppError volume_not_found, volume_in_use, executor_offline … */
export async function deleteVolume(ctx: Context, actor: Actor, app: AppView, name: string): Promise<void> {
  const volume = (await readVolumes(ctx, app)).find((known) => known.name === name);
  if (volume === undefined) throw notFound(name);
  if (volume.isMounted) throw inUse(app, name);
  if (app.serverId !== null) await removeFromHost(ctx, app, app.serverId, name);
  const rest = app.settings.volumes.filter((known) => known.name !== name);
  if (rest.length < app.settings.volumes.length) await changeApp(ctx, actor, app, { volumes: rest });
  await recordEvent(ctx, { appId: app.id, type: 'app.volume_deleted', actor: actor.user.id, message: `Volume ${name} deleted with its content`, data: { volume: name } });
}

async function removeFromHost(ctx: Context, app: AppView, serverId: string, volume: string): Promise<void> {
  try {
    await ctx.executors.call(serverId, 'remove_volume', { app: app.id, volume });
  } catch (error) {
    // A deployment was faster.
    if (error instanceof AppError && error.code === 'volume_in_use') throw inUse(app, volume);
    throw error;
  }
}

function notFound(name: string): AppError {
  return new AppError('volume_not_found', { detail: `The app has no volume ${name}.` });
}

function inUse({ slug }: AppView, name: string): AppError {
  const way = `PUT /api/v1/apps/${slug} with "volumes" without it, POST /api/v1/apps/${slug}/deploy, then delete it.`;
  return new AppError('volume_in_use', { detail: `A container has the volume ${name}. Take it out of the app first: ${way}` });
}

/** The content as a tar. @throws AppError volume_not_found, executor_offline … */
export async function readContent(ctx: Context, app: AppView, name: string): Promise<ReadableStream<Uint8Array>> {
  if (app.serverId === null) throw notFound(name);
  return ctx.executors.download(app.serverId, 'read_volume', { app: app.id, volume: name });
}

/** Unpacks a tar into the volume: its files are added or replaced, others stay. @throws AppError volume_not_found, archive_invalid, upload_interrupted, executor_offline … */
export async function writeContent(ctx: Context, actor: Actor, app: AppView, upload: { volume: string; body: ReadableStream<Uint8Array>; length: number | null }): Promise<void> {
  const { volume, body, length } = upload;
  const isKnown = app.settings.volumes.some(({ name }) => name === volume) || (await readHostVolumes(ctx, app)).has(volume);
  if (!isKnown) throw notFound(volume);
  await ctx.executors.upload(await chooseServer(ctx, app), 'write_volume', { app: app.id, volume }, body, length);
  await recordEvent(ctx, { appId: app.id, type: 'app.volume_written', actor: actor.user.id, message: `Content of volume ${volume} uploaded`, data: { volume } });
}

/** @throws AppError app_has_volumes unless every volume there is, or may be, is named */
export async function requireAllNamed(ctx: Context, app: AppView, named: readonly string[], isConnected: boolean): Promise<void> {
  const there = isConnected ? [...(await readHostVolumes(ctx, app)).keys()] : app.settings.volumes.map(({ name }) => name);
  const volumes = there.filter((name) => !named.includes(name));
  if (volumes.length === 0) return;
  const detail = `The app has volumes that would be lost: ${volumes.join(', ')}. To delete the app with them, name them all: DELETE /api/v1/apps/${app.id}?delete_volumes=${there.join(',')}`;
  throw new AppError('app_has_volumes', { detail, extra: { volumes } });
}
