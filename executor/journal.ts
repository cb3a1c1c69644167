/**
 * What the executor has taken on, one file per deployment, on the disk before anything is done about it (REL-06). The files answer
 * duplicates, let a restarted executor finish what it began (REL-07), keep outcomes until the control plane has them, and tell
 * which deployment of an app is the current one.
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { keptImage } from '../shared/names.ts';
import { deploymentEvent, type DeploymentEvent } from '../shared/protocol/events.ts';
import { appSpec, type AppSpec } from '../shared/protocol/spec.ts';
import { syncDirectory, writeAtomically } from './files.ts';
import { describeError, type Log } from './log.ts';

const entry = z.strictObject({
  deployment: z.string().regex(/^[a-z0-9_]{1,64}$/),
  /** When it was accepted: deployments of one app run in this order, and a later one supersedes. */
  acceptedAt: z.number(),
  /** Whole while there is a container to make; without environment and command once there is an outcome. */
  spec: appSpec,
  /** Somebody asked it to end. */
  cancel: z.enum(['deployment_cancelled', 'app_deleted']).nullable(),
  outcome: deploymentEvent.nullable(),
  /** The control plane has the outcome. */
  isAcknowledged: z.boolean(),
  /** Nothing is left to do: what it replaced is drained and removed. */
  isDone: z.boolean(),
  /** Somebody stopped the app through Dockup, for as long as this deployment is its current one. */
  isStopped: z.boolean(),
  // Journals of earlier releases lack these two.
  /** The deployment whose container was stopped for this one: started again if this one fails. */
  released: z.string().nullable().default(null),
  /** The engine keeps its image under a tag of ours, for rollbacks. */
  keepsImage: z.boolean().default(false),
});
export type JournalEntry = z.infer<typeof entry>;

/** Whether its image was uploaded for it, under the tag that it would be kept under. */
export function isOwnUpload({ deployment, spec }: Pick<JournalEntry, 'deployment' | 'spec'>): boolean {
  return spec.image === keptImage(spec.slug, deployment);
}

export const journalLimits = { keptFor: 24 * 60 * 60 * 1000, keptOutcomes: 200 } as const;

/** What is asked of all entries at every look at the engine, worked out once after each change. */
interface Overview {
  /** Oldest first. */
  all: readonly JournalEntry[];
  unfinished: readonly JournalEntry[];
  /** By app. */
  current: ReadonlyMap<string, JournalEntry>;
}

export class Journal {
  readonly #dir: string;
  readonly #entries = new Map<string, JournalEntry>();
  /** Null after a change. */
  #known: Overview | null = null;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Read what is there. A file that cannot be read is set aside, so that it takes no other deployment with it. */
  static async open(dir: string, log: Log): Promise<Journal> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const journal = new Journal(dir);
    for (const name of await readdir(dir)) {
      if (!name.endsWith('.json')) continue;
      const path = join(dir, name);
      try {
        const read = entry.parse(JSON.parse(await readFile(path, 'utf8')));
        journal.#entries.set(read.deployment, read);
      } catch (error) {
        log.error('a journal file is damaged and was set aside', { path: `${path}.damaged`, error: describeError(error).slice(0, 200) });
        await rename(path, `${path}.damaged`);
      }
    }
    return journal;
  }

  get(deployment: string): Readonly<JournalEntry> | undefined {
    return this.#entries.get(deployment);
  }

  /** What still has to be done, oldest first. */
  unfinished(): readonly Readonly<JournalEntry>[] {
    return this.#overview().unfinished;
  }

  /** Outcomes that the control plane may not have, oldest first. */
  unacknowledged(): DeploymentEvent[] {
    return this.#overview().all.flatMap((kept) => (kept.outcome !== null && !kept.isAcknowledged ? [kept.outcome] : []));
  }

  /** The deployment whose container is the app: the newest that succeeded. */
  current(app: string): Readonly<JournalEntry> | undefined {
    return this.#overview().current.get(app);
  }

  /** Oldest first. */
  all(): readonly Readonly<JournalEntry>[] {
    return this.#overview().all;
  }

  /** All of an app, oldest first. */
  of(app: string): readonly Readonly<JournalEntry>[] {
    return this.#overview().all.filter(({ spec }) => spec.app === app);
  }

  async accept(deployment: string, spec: AppSpec, acceptedAt: number): Promise<void> {
    const accepted: JournalEntry = { deployment, acceptedAt, spec, cancel: null, outcome: null, isAcknowledged: false, isDone: false, isStopped: false, released: null, keepsImage: false };
    await this.#inTurn(() => this.#write(accepted));
  }

  /** @throws Error when the deployment is not in the journal */
  async change(deployment: string, change: Partial<Pick<JournalEntry, 'cancel' | 'isAcknowledged' | 'isDone' | 'isStopped' | 'released' | 'keepsImage'>>): Promise<void> {
    await this.#revise(deployment, (kept) => ({ ...kept, ...change }));
    if (change.isDone === true || change.isAcknowledged === true) await this.#prune();
  }

  /** The container runs with other limits than it was made with: null keeps what is set. */
  async changeLimits(deployment: string, { cpu_limit, memory_limit }: Pick<AppSpec, 'cpu_limit' | 'memory_limit'>): Promise<void> {
    await this.#revise(deployment, ({ spec, ...kept }) => ({
      ...kept,
      spec: { ...spec, cpu_limit: cpu_limit ?? spec.cpu_limit, memory_limit: memory_limit ?? spec.memory_limit },
    }));
  }

  /** The outcome, after which secrets are no longer needed and so no longer kept. */
  async conclude(outcome: DeploymentEvent, isDone: boolean): Promise<void> {
    await this.#revise(outcome.deployment, (kept) => ({ ...kept, spec: { ...kept.spec, env: {}, command: null }, outcome, isDone, keepsImage: outcome.status === 'succeeded' || isOwnUpload(kept) }));
  }

  /** The app is gone, and with it what is known about its deployments; unacknowledged outcomes stay until they are told. */
  async forget(app: string): Promise<void> {
    for (const kept of this.#overview().all) {
      if (kept.spec.app === app && kept.outcome !== null && (kept.isAcknowledged || kept.outcome?.status === 'succeeded')) await this.#delete(kept.deployment);
    }
  }

  /** Keep what is open, what is current, what has an image to be let go of, and for a day the rest, in bounds. */
  async #prune(): Promise<void> {
    const settled = this.#overview().all.filter((kept) => kept.isDone && kept.isAcknowledged && !kept.keepsImage && this.current(kept.spec.app)?.deployment !== kept.deployment);
    const tooMany = settled.length - journalLimits.keptOutcomes;
    for (const [index, kept] of settled.entries()) {
      if (index < tooMany || kept.acceptedAt < Date.now() - journalLimits.keptFor) await this.#delete(kept.deployment);
    }
  }

  #overview(): Overview {
    return (this.#known ??= overviewOf(this.#entries.values()));
  }

  #revise(deployment: string, revise: (kept: JournalEntry) => JournalEntry): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#entries.get(deployment);
      if (kept === undefined) throw new Error(`journal: there is no deployment ${deployment}`);
      await this.#write(revise(kept));
    });
  }

  /** Memory follows the disk, never the other way round. */
  async #write(next: JournalEntry): Promise<void> {
    await writeAtomically(this.#path(next.deployment), JSON.stringify(next));
    this.#entries.set(next.deployment, next);
    this.#known = null;
  }

  #delete(deployment: string): Promise<void> {
    return this.#inTurn(async () => {
      await rm(this.#path(deployment), { force: true });
      await syncDirectory(this.#dir);
      this.#entries.delete(deployment);
      this.#known = null;
    });
  }

  /** One write at a time: two changes of one entry must not cross. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(work);
    // The failure belongs to the one who waits for this turn; the next one has its own try.
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  #path(deployment: string): string {
    return join(this.#dir, `${deployment}.json`);
  }
}

function overviewOf(entries: Iterable<JournalEntry>): Overview {
  const all = [...entries].sort((a, b) => a.acceptedAt - b.acceptedAt);
  const succeeded = all.filter((kept) => kept.outcome?.status === 'succeeded');
  // Of several entries for one app the last, which is the newest, stays in the map.
  return { all, unfinished: all.filter((kept) => !kept.isDone), current: new Map(succeeded.map((kept) => [kept.spec.app, kept])) };
}
