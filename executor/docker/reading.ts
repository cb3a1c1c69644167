/** What the engine tells of one container's use, as numbers, and what follows from two of them. Pure. */
import { z } from 'zod';
import type { StatsSample } from '../../shared/protocol/usage.ts';

const cpuStats = z.object({ cpu_usage: z.object({ total_usage: z.number() }) });
const traffic = z.object({ rx_bytes: z.number(), tx_bytes: z.number() });
const blockEntry = z.object({ op: z.string(), value: z.number() });

/** The part of the engine's stats that is read; cgroup v1 and v2 name the page cache differently. Of a container that is just ending it is empty. */
const engineStats = z.object({
  read: z.string(),
  cpu_stats: cpuStats,
  /** The look before, which a one-shot request and the first of a stream lack. */
  preread: z.string().optional(),
  precpu_stats: cpuStats.optional().catch(undefined),
  memory_stats: z.object({
    usage: z.number().optional(),
    stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().optional() }).optional(),
  }),
  /** Absent without a network. */
  networks: z.record(z.string(), traffic).optional(),
  blkio_stats: z.object({ io_service_bytes_recursive: z.array(blockEntry).nullish() }).optional(),
  pids_stats: z.object({ current: z.number().optional() }).optional(),
});
type EngineStats = z.infer<typeof engineStats>;

interface CpuReading {
  /** ms since the epoch. */
  at: number;
  /** Nanoseconds of processor time since the container began. */
  cpu: number;
}

/** Two directions: received and sent, or read and written; bytes. */
export type Pair = [number, number];

export interface Reading extends CpuReading {
  /** Bytes, without the page cache. */
  memory: number;
  network: Pair;
  block: Pair;
  pids: number;
  /** What the engine itself had measured a second before. */
  before: CpuReading | null;
}

/** Null for what a container leaves behind that has just ended. */
export function toReading(reply: unknown): Reading | null {
  const stats = engineStats.safeParse(reply).data;
  const at = Date.parse(stats?.read ?? '');
  // A look that never was has the year 1.
  if (stats === undefined || !(at > 0)) return null;
  return {
    at,
    cpu: stats.cpu_stats.cpu_usage.total_usage,
    memory: memoryOf(stats),
    network: networkOf(stats),
    block: [blockBytes(stats, 'read'), blockBytes(stats, 'write')],
    pids: stats.pids_stats?.current ?? 0,
    before: beforeOf(stats),
  };
}

function memoryOf({ memory_stats: { usage = 0, stats: detail } }: EngineStats): number {
  const cache = detail?.total_inactive_file ?? detail?.inactive_file ?? 0;
  return Math.max(0, usage - cache);
}

function networkOf({ networks = {} }: EngineStats): Pair {
  const all = Object.values(networks);
  return [all.reduce((sum, { rx_bytes: bytes }) => sum + bytes, 0), all.reduce((sum, { tx_bytes: bytes }) => sum + bytes, 0)];
}

/** cgroup v1 writes `Read`, v2 `read`; each device has its own entries. */
function blockBytes({ blkio_stats: block }: EngineStats, operation: 'read' | 'write'): number {
  const entries = block?.io_service_bytes_recursive ?? [];
  return entries.filter(({ op }) => op.toLowerCase() === operation).reduce((sum, { value }) => sum + value, 0);
}

/** As above. */
function beforeOf({ preread, precpu_stats: precpu }: EngineStats): CpuReading | null {
  const at = preread === undefined ? Number.NaN : Date.parse(preread);
  return at > 0 && precpu !== undefined ? { at, cpu: precpu.cpu_usage.total_usage } : null;
}

/** Percent of one core between two looks; 0 where there is nothing to compare with, or the container began anew in between. */
export function cpuPercent(now: CpuReading, before: CpuReading | null): number {
  const elapsed = before === null ? 0 : (now.at - before.at) * 1e6;
  return elapsed > 0 && before !== null ? round(Math.max(0, ((now.cpu - before.cpu) / elapsed) * 100)) : 0;
}

/** What a counter has grown by. A restarted container counts from zero again. */
export function growth(now: Pair, before: Pair): Pair {
  const grown = (index: 0 | 1) => (now[index] >= before[index] ? now[index] - before[index] : now[index]);
  return [grown(0), grown(1)];
}

const megabyte = 1024 * 1024;

export function toMegabytes(bytes: number): number {
  return round(bytes / megabyte);
}

export interface Limits {
  /** Cores. */
  cpu: number | null;
  /** Bytes. */
  memory: number | null;
}

export function toSample(now: Reading, before: CpuReading | null, limits: Limits): StatsSample {
  const cpu = cpuPercent(now, before);
  return {
    time: new Date(now.at).toISOString(),
    cpu,
    cpu_of_limit: limits.cpu === null ? null : round(cpu / limits.cpu),
    memory: toMegabytes(now.memory),
    memory_limit: limits.memory === null ? null : toMegabytes(limits.memory),
    memory_of_limit: limits.memory === null ? null : round((now.memory / limits.memory) * 100),
    network_rx: now.network[0],
    network_tx: now.network[1],
    block_read: now.block[0],
    block_write: now.block[1],
    pids: now.pids,
  };
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
