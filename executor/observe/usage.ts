/** CPU and memory of containers, from the engine's counters. */
import { z } from 'zod';
import type { Engine } from '../docker/engine.ts';

/** Percent of one core; MB. */
export interface Usage {
  cpu: number;
  memory: number;
}

const cpuStats = z.object({ cpu_usage: z.object({ total_usage: z.number() }) });

/** The part of the engine's stats that is read; cgroup v1 and v2 name the page cache differently. Of a container that is just ending it is empty. */
const engineStats = z.object({
  read: z.string(),
  preread: z.string(),
  cpu_stats: cpuStats,
  precpu_stats: cpuStats,
  memory_stats: z.object({
    usage: z.number().optional(),
    stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().optional() }).optional(),
  }),
});
export type Stats = z.infer<typeof engineStats>;

export interface Sample {
  /** ms since the epoch. */
  at: number;
  /** Nanoseconds of processor time so far. */
  cpu: number;
}

const nothing: Usage = { cpu: 0, memory: 0 };
/** Requests for stats at once: the engine takes a second for each. */
const concurrency = 16;

export interface UsageMeter {
  /** Take new samples of these containers, and forget all others. */
  measure(containers: readonly string[]): Promise<void>;
  of(container: string): Usage;
}

export function createUsageMeter(engine: Engine): UsageMeter {
  let samples = new Map<string, { sample: Sample; usage: Usage }>();
  return {
    async measure(containers) {
      const next: typeof samples = new Map();
      const waiting = [...containers];
      const work = async () => {
        for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
          const stats = await readStats(engine, id);
          if (stats !== null) next.set(id, { sample: toSample(stats), usage: toUsage(stats, samples.get(id)?.sample) });
        }
      };
      await Promise.all(Array.from({ length: concurrency }, work));
      samples = next;
    },
    of: (container) => samples.get(container)?.usage ?? nothing,
  };
}

async function readStats({ quick }: Engine, id: string): Promise<Stats | null> {
  try {
    return readableStats(await quick.getContainer(id).stats({ stream: false }));
  } catch {
    // Gone or stopped in between: it uses nothing.
    return null;
  }
}

/** Null for what a container leaves behind that has just ended. */
export function readableStats(reply: unknown): Stats | null {
  return engineStats.safeParse(reply).data ?? null;
}

function toSample(stats: Stats): Sample {
  return { at: Date.parse(stats.read), cpu: stats.cpu_stats.cpu_usage.total_usage };
}

/** Against the sample of the report before, or against the second that the engine itself has measured. */
export function toUsage(stats: Stats, before: Sample = { at: Date.parse(stats.preread), cpu: stats.precpu_stats.cpu_usage.total_usage }): Usage {
  const now = toSample(stats);
  const elapsed = (now.at - before.at) * 1e6;
  // A restarted container counts from zero again.
  const cpu = elapsed > 0 && before.at > 0 ? Math.max(0, ((now.cpu - before.cpu) / elapsed) * 100) : 0;
  const { usage = 0, stats: detail } = stats.memory_stats;
  const cache = detail?.total_inactive_file ?? detail?.inactive_file ?? 0;
  return { cpu: round(cpu), memory: round(Math.max(0, usage - cache) / 1024 / 1024) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
