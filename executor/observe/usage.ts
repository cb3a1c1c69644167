/** What containers use: looked at in rounds for reports and history, and in between for whoever asks. */
import type { UsageEvent } from '../../shared/protocol/events.ts';
import type { StatsSample } from '../../shared/protocol/usage.ts';
import { inspectContainer } from '../docker/containers.ts';
import type { Engine } from '../docker/engine.ts';
import { cpuPercent, growth, toMegabytes, toSample, type Limits, type Pair, type Reading } from '../docker/reading.ts';
import { followStats, readStats } from '../docker/stats.ts';
import { Minutes } from './minutes.ts';

/** Percent of one core; MB. */
export interface Usage {
  cpu: number;
  memory: number;
}

interface Measured {
  app: string;
  container: string;
}

/** The last look at each container. */
type Round = Map<string, { reading: Reading; usage: Usage }>;

const nothing: Usage = { cpu: 0, memory: 0 };
const unmoved: Pair = [0, 0];
/** Requests for stats at once: Docker 20.10 answers each with its next look, up to a second later. */
const concurrency = 32;
/** ms that a look may be old to serve as the one before: older, and its average says little of now. */
const comparable = 15_000;

export class UsageMeter {
  readonly #engine: Engine;
  readonly #minutes = new Minutes();
  #round: Round = new Map();
  /** Before the first round nobody knows which of a container's counters are from before this process. */
  #hasMeasured = false;
  #measuring: Promise<void> = Promise.resolve();
  readonly #looks = new Map<string, Promise<Reading | null>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Look at these containers and forget all others. One round at a time. */
  measure(targets: readonly Measured[]): Promise<void> {
    this.#measuring = this.#measuring.then(() => this.#measure(targets));
    return this.#measuring;
  }

  /** As of the last round. */
  of(container: string): Usage {
    return this.#round.get(container)?.usage ?? nothing;
  }

  /** The minutes that are over: each is told once. */
  minutesOver(now: number): UsageEvent[] {
    return this.#minutes.takeOver(now);
  }

  /** Now. Null when the container is gone or does not run. */
  async sample(container: string): Promise<StatsSample | null> {
    const [reading, limits] = await Promise.all([this.#look(container), readLimits(this.#engine, container)]);
    return reading === null ? null : toSample(reading, this.#beforeOf(container, reading), limits);
  }

  /** One sample a second, until the container ends or the signal aborts. @throws AppError engine_unreachable, engine_error */
  async follow(container: string, onSample: (sample: StatsSample) => void, signal: AbortSignal): Promise<void> {
    const limits = await readLimits(this.#engine, container);
    let before: Reading | undefined;
    await followStats(this.#engine, container, signal, (reading) => {
      const from = before ?? this.#beforeOf(container, reading);
      // The engine's first look has nothing to compare with.
      if (from !== null) onSample(toSample(reading, from, limits));
      before = reading;
    });
  }

  async #measure(targets: readonly Measured[]): Promise<void> {
    const next: Round = new Map();
    const waiting = [...targets];
    const work = async () => {
      for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
        const { app, container } = target;
        const last = this.#round.get(container);
        const reading = await this.#look(container);
        // A look that failed is not the end of what is known of a container that is still there.
        if (reading !== null) next.set(container, { reading, usage: this.#count(app, reading, last?.reading ?? null) });
        else if (last !== undefined) next.set(container, { reading: last.reading, usage: nothing });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    this.#round = next;
    this.#hasMeasured = true;
  }

  #count(app: string, reading: Reading, last: Reading | null): Usage {
    const usage = { cpu: cpuPercent(reading, last ?? reading.before), memory: toMegabytes(reading.memory) };
    const isNew = last === null && this.#hasMeasured;
    const moved = (of: 'network' | 'block'): Pair => (last !== null ? growth(reading[of], last[of]) : isNew ? reading[of] : unmoved);
    this.#minutes.add({ app, at: reading.at, ...usage, network: moved('network'), block: moved('block') });
    return usage;
  }

  #beforeOf(container: string, reading: Reading): Pick<Reading, 'at' | 'cpu'> | null {
    return this.#recent(container, reading.at) ?? reading.before;
  }

  #recent(container: string, now: number): Reading | null {
    const last = this.#round.get(container)?.reading;
    return last !== undefined && last.at < now && now - last.at < comparable ? last : null;
  }

  /** Whoever asks for a container that is being looked at gets the same look. */
  #look(container: string): Promise<Reading | null> {
    const running = this.#looks.get(container);
    if (running !== undefined) return running;
    const look = readStats(this.#engine, container, { isComparable: this.#recent(container, Date.now()) !== null }).finally(() => this.#looks.delete(container));
    this.#looks.set(container, look);
    return look;
  }
}

async function readLimits(engine: Engine, container: string): Promise<Limits> {
  const info = await inspectContainer(engine, container);
  const { NanoCpus: nanoCpus = 0, Memory: memory = 0 } = info?.HostConfig ?? {};
  return { cpu: nanoCpus > 0 ? nanoCpus / 1e9 : null, memory: memory > 0 ? memory : null };
}
