/** Taking a local system away: its processes, everything on the engine that carries its server's label, and its directory. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { keptNames } from '../../executor/deploy/kept-images.ts';
import { readLoadedImages } from '../../executor/images/loaded-images.ts';
import { loadIdentity } from '../../executor/identity.ts';
import { Journal } from '../../executor/journal.ts';
import { createLog } from '../../executor/log.ts';
import { findExecutor } from '../../executor/pid-file.ts';
import { labels } from '../../shared/names.ts';
import { SetupError } from '../setup/error.ts';
import { probeEngine } from '../setup/engine.ts';
import { childNames, pidPathOf } from './child.ts';
import { readLivePid } from './pid-file.ts';
import type { Settings } from './settings.ts';
import { stopProcess } from './stop-process.ts';

interface RemovalOptions {
  keepData: boolean;
  say: (line: string) => void;
}

/** Removes only what carries exactly this server's id. Running it twice is a no-op. */
export async function removeSystem(settings: Settings, { keepData, say }: RemovalOptions): Promise<void> {
  await stopProcesses(settings, say);
  const identity = await loadIdentity(settings.executorDir);
  if (identity !== null) {
    if ((await probeEngine(settings.socket)) !== 'answers') throw new SetupError(`The Docker engine does not answer at ${settings.socket}, so what runs there could not be removed. ${settings.dataDir} is kept: it knows what is whose.`);
    const docker = new Docker({ socketPath: settings.socket });
    await removeFromEngine(docker, identity.serverId, say);
    if (!keepData) await removeData(docker, { serverId: identity.serverId, images: await readKeptImages(settings.executorDir) }, say);
  }
  if (keepData) return;
  for (const folder of [settings.executorDir, settings.dataDir]) await rm(folder, { recursive: true, force: true });
  say(`removed ${settings.dataDir}`);
}

async function stopProcesses({ dataDir, executorDir }: Settings, say: RemovalOptions['say']): Promise<void> {
  for (const name of childNames) {
    const pid = readLivePid(pidPathOf(dataDir, name));
    if (pid === undefined) continue;
    say(`stopping ${name} (process ${pid})`);
    await stopProcess(pid, 12_000);
  }
  // One that was started by hand, as on a second box.
  const executor = await findExecutor(executorDir);
  if (executor === undefined) return;
  say(`stopping executor (process ${executor})`);
  await stopProcess(executor, 12_000);
}

async function removeFromEngine(docker: Docker, serverId: string, say: RemovalOptions['say']): Promise<void> {
  const filters = { label: [`${labels.server}=${serverId}`] };
  for (const { Id, Names } of await docker.listContainers({ all: true, filters })) {
    say(`removing container ${Names[0]?.slice(1) ?? Id}`);
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone);
  }
  for (const { Id, Name } of await docker.listNetworks({ filters })) {
    say(`removing network ${Name}`);
    await docker.getNetwork(Id).remove().catch(ignoreGone);
  }
  for (const { Id, RepoTags } of await docker.listImages({ filters })) {
    say(`removing image ${RepoTags?.[0] ?? Id}`);
    await docker.getImage(Id).remove({ force: true }).catch(ignoreGone);
  }
}

/** Volumes, and the images kept for rollbacks. */
async function removeData(docker: Docker, { serverId, images }: { serverId: string; images: string[] }, say: RemovalOptions['say']): Promise<void> {
  for (const { Name } of (await docker.listVolumes({ filters: { label: [`${labels.server}=${serverId}`] } })).Volumes) {
    say(`removing volume ${Name}`);
    await docker.getVolume(Name).remove({ force: true }).catch(ignoreGone);
  }
  for (const image of images) await docker.getImage(image).remove().catch(ignoreGoneOrUsed);
}

/** Only the executor's files know them: an image that is only tagged carries no label of ours. */
export async function readKeptImages(executorDir: string): Promise<string[]> {
  const kept = keptNames(await Journal.open(join(executorDir, 'journal'), createLog(() => undefined)));
  return [...new Set([...kept, ...(await readLoadedImages(join(executorDir, 'loaded-images.json')))])];
}

/** Somebody else was quicker, which is as good. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error;
}

/** Only the name is ours: an image that a container of somebody else uses stays with it. */
function ignoreGoneOrUsed(error: unknown): void {
  if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 409)) ignoreGone(error);
}
