/** Keeps probing apps that brought a check of their own, for as long as their container runs. */
import type { Clock } from '../clock.ts';
import type { Engine } from '../docker/engine.ts';
import { probe, type ProbeResult, type ProbeTarget } from './probe.ts';
import type { Health } from './status.ts';

export interface HealthMonitorOptions {
  engine: Engine;
  clock: Pick<Clock, 'sleep'>;
  /** The health of a container has changed. */
  onChange: () => void;
  /** One look; tests put answers here. */
  look?: (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeResult>;
}

/** Failures in a row that make an app unhealthy. */
const tolerance = 3;

interface Watched {
  stop: AbortController;
  health: Health;
}

export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
  }

  /** Probe exactly these. `isFresh`: it was seen down before, so it counts as starting until the first good answer. */
  watch(targets: readonly { target: ProbeTarget; isFresh: boolean }[]): void {
    const wanted = new Set(targets.map(({ target }) => target.container));
    for (const [container, { stop }] of this.#watched) {
      if (wanted.has(container)) continue;
      stop.abort();
      this.#watched.delete(container);
    }
    for (const { target, isFresh } of targets) if (!this.#watched.has(target.container)) this.#begin(target, isFresh);
  }

  of(container: string): Health {
    return this.#watched.get(container)?.health ?? { state: 'healthy' };
  }

  #begin(target: ProbeTarget, isFresh: boolean): void {
    const watched: Watched = { stop: new AbortController(), health: { state: isFresh ? 'pending' : 'healthy' } };
    this.#watched.set(target.container, watched);
    void this.#keepProbing(target, watched);
  }

  async #keepProbing(target: ProbeTarget, watched: Watched): Promise<void> {
    const { signal } = watched.stop;
    const { clock, engine, look = (of, until) => probe(engine, of, until) } = this.#options;
    const graceEnds = Date.now() + target.check.grace * 1000;
    let failures = 0;
    while (!signal.aborted) {
      const result = await look(target, signal);
      if (signal.aborted) return;
      failures = result.isHealthy ? 0 : failures + 1;
      const isStarting = watched.health.state === 'pending' && Date.now() < graceEnds;
      if (result.isHealthy) this.#set(watched, watched.health.state === 'failing' ? { state: 'healthy', recovery: result.answer } : { state: 'healthy' });
      else if (failures >= tolerance && !isStarting) this.#set(watched, { state: 'failing', answer: result.answer });
      const pause = watched.health.state === 'pending' ? Math.min(1, target.check.interval) : target.check.interval;
      await clock.sleep(pause * 1000, signal).catch(() => undefined);
    }
  }

  #set(watched: Watched, health: Health): void {
    // What made it healthy stays the reason for as long as it is; what makes it fail is told anew.
    if (watched.health.state === health.state && health.state === 'healthy') return;
    const hasChanged = watched.health.state !== health.state;
    watched.health = health;
    if (hasChanged) this.#options.onChange();
  }
}
