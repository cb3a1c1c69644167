/** Takes the running HAProxy from one routing table to the next: save, tell, read back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../shared/errors.ts';
import { describeError, type Log } from '../log.ts';
import { corrections, partOf, type RunningState } from './corrections.ts';
import { fingerprint, type HaproxySettings } from './haproxy-config.ts';
import type { Proxy, Route } from './proxy.ts';
import { backendName, backendOf, freedServers, isLarger, type RoutingTable, routesOf, serverName, withoutApp, withLeavingFreed, withRoute } from './routing-table.ts';
import type { Runtime } from './runtime.ts';
import type { Supervisor } from './supervisor.ts';
import type { TableStore } from './table-store.ts';

interface ControllerOptions {
  settings: HaproxySettings;
  /** As loaded from the store. */
  table: RoutingTable;
  store: TableStore;
  runtime: Runtime;
  supervisor: Supervisor;
  log: Log;
}

const startTimeout = 15_000;
const reloadTimeout = 10_000;
const drainInterval = 50;

export class ProxyController implements Proxy {
  readonly #options: ControllerOptions;
  #table: RoutingTable;
  /** One change at a time: each starts from the table that the one before left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#table = options.table;
  }

  routes(): readonly Route[] {
    return routesOf(this.#table);
  }

  ensure(): Promise<void> {
    return this.#inTurn(async () => {
      const { store, supervisor, runtime, log } = this.#options;
      await store.save(this.#table);
      await supervisor.start();
      const running = await this.#waitForDescription(() => true, startTimeout);
      if (running !== this.#description(this.#table)) {
        log.info('reload HAProxy: it runs a configuration of other ports or another pool', { running });
        await this.#reload(this.#table);
      }
      const commands = await this.#settle(this.#table, () => runtime.state());
      if (commands > 0) log.warn('HAProxy differed from the routes on disk and was corrected', { commands });
    });
  }

  switchTo(route: Route): Promise<void> {
    return this.#inTurn(() => this.#change(withRoute(this.#table, route), route.app));
  }

  remove(app: string): Promise<void> {
    return this.#inTurn(async () => {
      if (backendOf(this.#table, app) !== -1) await this.#change(withoutApp(this.#table, app), app);
    });
  }

  async drain(app: string, timeout: number): Promise<{ cut: number }> {
    const leaving = this.#leavingTargets(app);
    if (leaving.size === 0) return { cut: 0 };
    const cut = await this.#waitForIdle(app, leaving, performance.now() + timeout * 1000);
    await this.#inTurn(() => this.#change(withLeavingFreed(this.#table, app, leaving), app));
    return { cut };
  }

  /** Save `next` and take the proxy there; where that fails, back to what stood before, on disk and in the proxy. */
  async #change(next: RoutingTable, app: string): Promise<void> {
    const previous = this.#table;
    try {
      await this.#options.store.save(next);
      if (isLarger(next, previous)) await this.#reload(next);
      else await this.#settleApp(next, previous, app);
      await this.#options.runtime.cutInLateWorkers(freedServers(previous, next));
      this.#table = next;
    } catch (error) {
      await this.#restore(previous, next, app);
      throw error;
    }
  }

  /** Best effort: a proxy that cannot be told now reads the files at its next start, and `ensure` repairs it otherwise. */
  async #restore(previous: RoutingTable, failed: RoutingTable, app: string): Promise<void> {
    try {
      await this.#options.store.save(previous);
      await this.#settleApp(previous, failed, app);
    } catch (error) {
      this.#options.log.warn('the previous route could not be set back in HAProxy', { app, reason: describeError(error) });
    }
  }

  async #settleApp(table: RoutingTable, before: RoutingTable, app: string): Promise<void> {
    const index = Math.max(backendOf(table, app), backendOf(before, app));
    const hosts = [...new Set([...(table[index]?.hosts ?? []), ...(before[index]?.hosts ?? [])])];
    await this.#settle(partOf(table, index), () => this.#options.runtime.stateOf(backendName(index), hosts));
  }

  /** Correct what differs until the proxy itself says that nothing does. Resolves with the number of commands it took. */
  async #settle(table: RoutingTable, read: () => Promise<RunningState>): Promise<number> {
    const { runtime } = this.#options;
    const commands = corrections(table, await read());
    if (commands.length === 0) return 0;
    await runtime.apply(commands);
    const [left] = corrections(table, await read());
    if (left !== undefined) throw new AppError('proxy_unavailable', { detail: `switch HAProxy: it took the change, and still lacks "${left}"` });
    return commands.length;
  }

  /** The new worker starts from the files, so it has the whole table at once. */
  async #reload(table: RoutingTable): Promise<void> {
    const wanted = this.#description(table);
    await this.#options.runtime.reload();
    await this.#waitForDescription((description) => description === wanted, reloadTimeout);
    await this.#settle(table, () => this.#options.runtime.state());
  }

  #description(table: RoutingTable): string {
    return `dockup-${fingerprint(this.#options.settings, table)}`;
  }

  /** @throws AppError proxy_unavailable with what the supervisor knows of the reason */
  async #waitForDescription(accept: (description: string) => boolean, timeout: number): Promise<string> {
    const { runtime, supervisor } = this.#options;
    const deadline = performance.now() + timeout;
    for (;;) {
      // Not there yet is what this waits for; why it never came is the supervisor's to say.
      const description = await runtime.description().catch(() => null);
      if (description !== null && accept(description)) return description;
      if (performance.now() > deadline) throw new AppError('proxy_unavailable', { detail: await supervisor.explain() });
      await sleep(20);
    }
  }

  #leavingTargets(app: string): Set<string> {
    const slots = this.#table[backendOf(this.#table, app)]?.slots ?? [];
    return new Set(slots.flatMap((slot) => (slot?.state === 'leaving' ? [slot.target.id] : [])));
  }

  /** Idle means idle twice: a request may just have been given its server when the drain began. Resolves with what is still busy at the deadline. */
  async #waitForIdle(app: string, leaving: ReadonlySet<string>, deadline: number): Promise<number> {
    for (let idleReads = 0; ; await sleep(drainInterval)) {
      const isLate = performance.now() >= deadline;
      try {
        const busy = await this.#busyConnections(app, leaving);
        if (isLate) return busy;
        idleReads = busy === 0 && !(await this.#options.runtime.hasLateWorker()) ? idleReads + 1 : 0;
        if (idleReads === 2) return 0;
      } catch (error) {
        // A proxy that is being restarted has lost the connections anyway, and answers again in a moment.
        if (isLate) throw error;
      }
    }
  }

  /** Only what still leaves: a target that came back (a rollback) keeps its connections. */
  async #busyConnections(app: string, leaving: ReadonlySet<string>): Promise<number> {
    const index = backendOf(this.#table, app);
    const servers = (this.#table[index]?.slots ?? []).flatMap((slot, s) => (slot?.state === 'leaving' && leaving.has(slot.target.id) ? [serverName(index, s)] : []));
    if (servers.length === 0) return 0;
    const busy = await this.#options.runtime.busy(backendName(index));
    return servers.reduce((sum, server) => sum + (busy.get(server) ?? 0), 0);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change, change);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
