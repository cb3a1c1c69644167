import { readdir, readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { labels } from '../../shared/names.ts';

interface Owner {
  serverId: string;
  dataDir: string;
  /** Names of images that were kept for it. */
  images: string[];
}

/** Everything on this machine that belongs to a system which should be gone, in words. */
export async function findLeftovers({ serverId, dataDir, images: kept }: Owner): Promise<string[]> {
  const docker = new Docker();
  const filters = { label: [`${labels.server}=${serverId}`] };
  const [containers, networks, volumes, images] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
    docker.listImages({ filters }),
  ]);
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...volumes.Volumes.map(({ Name }) => `volume ${Name}`),
    ...(await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => kept.includes(tag)).map((tag) => `image ${tag}`),
    ...images.map(({ Id, RepoTags }) => `image ${RepoTags?.[0] ?? Id}`),
    ...(await findProcesses(dataDir)).map((process) => `process ${process}`),
  ];
}

/** Processes that name the directory in their command line or environment. A zombie has neither any more. */
async function findProcesses(dataDir: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that ends while it is looked at is not left behind.
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      const [command, environment] = await Promise.all([read('cmdline'), read('environ')]);
      return `${command}\0${environment}`.includes(dataDir) ? [`${pid} ${command.replaceAll('\0', ' ').trim()}`] : [];
    }),
  );
  return found.flat();
}
