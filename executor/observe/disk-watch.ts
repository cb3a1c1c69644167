/** Looks at the disks of this host: tells how full they are, and makes room on one that is nearly full (REL-15). */
import type { DeployHost } from '../deploy/host.ts';
import { readDisks } from '../disk.ts';
import { dataRootOf } from '../images/load.ts';
import { pruneImages } from '../images/prune.ts';
import { describeError } from '../log.ts';
import type { DiskState } from '../../shared/protocol/events.ts';

export interface DiskWatch {
  /** Look, and tell what has changed. Never rejects. */
  look(): Promise<void>;
  /** Look, and tell. */
  tell(): Promise<void>;
  /** Look every minute until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const interval = 60_000;

export function createDiskWatch(host: DeployHost): DiskWatch {
  const { engine, clock, log, emit, dir } = host;
  let told = '';
  /** Of an engine that is away the last one known. */
  let engineFolder: string | null = null;
  let looking: Promise<void> = Promise.resolve();

  async function look(isTold: boolean): Promise<void> {
    engineFolder = await dataRootOf(engine).catch(() => engineFolder);
    const disks = readDisks([...(engineFolder === null ? [] : [engineFolder]), dir]);
    const picture = disks.map(describe).join();
    if (isTold || picture !== told) emit({ kind: 'disk', at: clock.stamp(), disks });
    if (picture !== told) for (const { path, level, free } of disks) if (level !== 'ok') log.warn('a disk is filling up', { path, level, free });
    told = picture;
    if (disks.some(({ level }) => level === 'critical')) await pruneImages(host).catch((error: unknown) => log.warn('no room could be made on a disk that is nearly full', { error: describeError(error) }));
  }

  /** One look at a time. */
  function inTurn(isTold: boolean): Promise<void> {
    return (looking = looking.then(() => look(isTold)).catch((error: unknown) => log.warn('the disks could not be looked at', { error: describeError(error) })));
  }

  return {
    look: () => inTurn(false),
    tell: () => inTurn(true),
    async run(signal) {
      while (!signal.aborted) {
        await inTurn(false);
        await clock.sleep(interval, signal).catch(() => undefined);
      }
    },
  };
}

/** What is worth telling when it changes: the level, and each hundredth of the disk. */
function describe({ path, level, total, free }: DiskState): string {
  return `${path} ${level} ${Math.round((free / total) * 100)}`;
}
