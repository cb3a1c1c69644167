/** Volumes of apps: found by name and labels, so that one which somebody else made is neither mounted nor removed. */
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { labels, volumeName } from '../../shared/names.ts';
import { asked, inTime, statusOf, toAppError, type Engine } from './engine.ts';

export interface AppVolume {
  app: string;
  /** Its name within the app. */
  volume: string;
}

/** Role of containers that are made to reach into a volume and never started. */
export const helperRole = 'volume-helper';

/** Make it if it is missing. @throws AppError policy_refused when the name belongs to something else (SEC-05) */
export async function ensureVolume(engine: Engine, wanted: AppVolume): Promise<string> {
  const name = volumeName(engine.serverId, wanted.app, wanted.volume);
  const made: Dockerode.VolumeInspectInfo = (await inspectVolume(engine, name)) ?? (await createVolume(engine, name, wanted));
  if (!isOwn(engine, made, wanted)) throw new AppError('policy_refused', { detail: `The container policy of the server refuses the volume ${wanted.volume}: something that Dockup did not make has its name, ${name}.` });
  return name;
}

/** The engine's name of the volume. @throws AppError volume_not_found */
export async function requireVolume(engine: Engine, wanted: AppVolume): Promise<string> {
  const found = await inspectVolume(engine, volumeName(engine.serverId, wanted.app, wanted.volume));
  if (found === null || !isOwn(engine, found, wanted)) throw new AppError('volume_not_found', { detail: `The server has no volume ${wanted.volume} of this app.` });
  return found.Name;
}

export interface ListedVolume {
  name: string;
  /** Bytes; null where the engine cannot tell. */
  size: number | null;
  isMounted: boolean;
}

export async function listVolumes(engine: Engine, app: string): Promise<ListedVolume[]> {
  const filters = { label: [`${labels.managed}=true`, `${labels.server}=${engine.serverId}`, `${labels.app}=${app}`] };
  const { Volumes: found } = await asked('list volumes', engine.quick.listVolumes({ filters }));
  if (found.length === 0) return [];
  const [mounted, sizes] = await Promise.all([readMounted(engine), readSizes(engine)]);
  return found
    .map(({ Name, Labels }) => ({ name: Labels[labels.volume] ?? '', size: sizes.get(Name) ?? null, isMounted: mounted.has(Name) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** An unknown one is success. @throws AppError volume_in_use */
export async function removeVolume(engine: Engine, wanted: AppVolume): Promise<void> {
  const found = await inspectVolume(engine, volumeName(engine.serverId, wanted.app, wanted.volume));
  if (found === null || !isOwn(engine, found, wanted)) return;
  try {
    await inTime(engine, 'remove volume', (options) => engine.docker.getVolume(found.Name).remove(options));
  } catch (error) {
    if (statusOf(error) === 404) return;
    if (statusOf(error) === 409) throw new AppError('volume_in_use', { detail: `A container has the volume ${wanted.volume}.`, cause: error });
    throw toAppError('remove volume', error);
  }
}

async function inspectVolume({ quick }: Engine, name: string): Promise<Dockerode.VolumeInspectInfo | null> {
  try {
    return await quick.getVolume(name).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw toAppError('inspect volume', error);
  }
}

/** The engine answers with what is there when somebody was faster. */
async function createVolume(engine: Engine, name: string, { app, volume }: AppVolume): Promise<Dockerode.VolumeInspectInfo> {
  const Labels = { [labels.managed]: 'true', [labels.server]: engine.serverId, [labels.app]: app, [labels.volume]: volume };
  const doing = 'create volume';
  await asked(doing, inTime(engine, doing, ({ abortSignal }) => engine.docker.createVolume({ Name: name, Driver: 'local', Labels, abortSignal })));
  return asked('inspect volume', engine.quick.getVolume(name).inspect());
}

/** With options the local driver mounts anything, the root of the host too. */
function isOwn({ serverId }: Engine, { Driver, Labels, Options }: Dockerode.VolumeInspectInfo, { app, volume }: AppVolume): boolean {
  const own = Labels ?? {};
  const isOurs = own[labels.managed] === 'true' && own[labels.server] === serverId && own[labels.app] === app && own[labels.volume] === volume;
  return isOurs && Driver === 'local' && Object.keys(Options ?? {}).length === 0;
}

async function readMounted({ quick }: Engine): Promise<Set<string>> {
  const containers = await asked('list containers', quick.listContainers({ all: true }));
  return new Set(containers.filter(({ Labels }) => Labels[labels.role] !== helperRole).flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? [])));
}

/** The engine walks through every volume it has, which takes as long as it takes. */
async function readSizes({ docker }: Engine): Promise<Map<string, number>> {
  try {
    const usage: { Volumes: Dockerode.VolumeInspectInfo[] | null } = await docker.df();
    return new Map((usage.Volumes ?? []).flatMap(({ Name, UsageData }) => (UsageData == null || UsageData.Size < 0 ? [] : [[Name, UsageData.Size]])));
  } catch {
    // Another look at the disk may be under way: everything else about the volumes is still worth telling.
    return new Map();
  }
}
