/** Looks at what apps use, summed up by the minute. */
import type { UsageEvent } from '../../shared/protocol/events.ts';
import type { MinuteUsage } from '../../shared/protocol/usage.ts';
import { round, type Pair } from '../docker/reading.ts';

/** One look at an app, and what it has moved since the one before. */
export interface Look {
  app: string;
  /** ms since the epoch. */
  at: number;
  /** Percent of one core. */
  cpu: number;
  /** MB. */
  memory: number;
  network: Pair;
  block: Pair;
}

interface Sums {
  looks: number;
  cpu: { sum: number; max: number };
  memory: { sum: number; max: number };
  network: Pair;
  block: Pair;
}

const minuteLength = 60_000;

export class Minutes {
  readonly #open = new Map<number, Map<string, Sums>>();

  add(look: Look): void {
    const minute = Math.floor(look.at / minuteLength);
    const apps = this.#open.get(minute) ?? new Map<string, Sums>();
    this.#open.set(minute, apps);
    const sums = apps.get(look.app) ?? { looks: 0, cpu: { sum: 0, max: 0 }, memory: { sum: 0, max: 0 }, network: [0, 0], block: [0, 0] };
    apps.set(look.app, sums);
    sums.looks++;
    count(sums.cpu, look.cpu);
    count(sums.memory, look.memory);
    sums.network = plus(sums.network, look.network);
    sums.block = plus(sums.block, look.block);
  }

  /** The minutes that are over at `now`, oldest first; each is told once. A minute without a look is not told: a gap is a gap. */
  takeOver(now: number): UsageEvent[] {
    const over = [...this.#open.keys()].filter((minute) => minute < Math.floor(now / minuteLength)).sort((a, b) => a - b);
    return over.map((minute) => {
      const apps = [...(this.#open.get(minute) ?? [])].map(([app, sums]) => toMinute(app, sums));
      this.#open.delete(minute);
      return { kind: 'usage', minute, apps };
    });
  }
}

function count(measure: { sum: number; max: number }, value: number): void {
  measure.sum += value;
  measure.max = Math.max(measure.max, value);
}

function plus(a: Pair, b: Pair): Pair {
  return [a[0] + b[0], a[1] + b[1]];
}

function toMinute(app: string, { looks, cpu, memory, network, block }: Sums): MinuteUsage {
  return { app, cpu: [round(cpu.sum / looks), cpu.max], memory: [round(memory.sum / looks), memory.max], network, block };
}
