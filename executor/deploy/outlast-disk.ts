/** What must be on the disk before a deployment goes on waits for a disk that is full, and goes on by itself when there is room again (REL-15). */
import { isDiskFull } from '../disk.ts';
import { describeError } from '../log.ts';
import type { DeployHost } from './host.ts';

const pause = 1_000;

/** Write, again and again while there is no room. Nothing that serves is touched meanwhile. */
export async function outlastFullDisk<T>({ clock, log }: Pick<DeployHost, 'clock' | 'log'>, what: Record<string, unknown>, write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      if (attempt === 1) log.error('the disk is full; waiting for room to write this down', what);
    }
    await clock.sleep(pause);
  }
}

/** The same where nobody can wait for it, because a lock would be held or a reply be owed meanwhile. It is forgotten with this process. `otherwise` is what is so if it fails for another reason. */
export function whenThereIsRoom(host: Pick<DeployHost, 'clock' | 'log'>, { app, otherwise }: { app: string; otherwise: string }, write: () => Promise<void>): void {
  outlastFullDisk(host, { app }, write).catch((error: unknown) => host.log.warn(`not made up for when there was room: ${otherwise}`, { app, error: describeError(error) }));
}
