/** Knows the status of every app on this host, and tells the control plane: transitions at once, the full picture at intervals. */
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import type { AppStatus } from '../../shared/status.ts';
import type { Clock } from '../clock.ts';
import { isBeingReplaced } from '../deploy/replace.ts';
import { deploymentOf } from '../deploy/switch.ts';
import { inspectContainer, listContainers, type AppContainer } from '../docker/containers.ts';
import type { Engine } from '../docker/engine.ts';
import { isAlwaysRestarted } from '../docker/restart-policy.ts';
import type { Journal } from '../journal.ts';
import type { Locks } from '../locks.ts';
import { describeError, type Log } from '../log.ts';
import type { Proxy } from '../proxy/proxy.ts';
import { currentContainer } from './current.ts';
import { HealthMonitor } from './health.ts';
import { createOomTeller } from './oom.ts';
import type { ProbeTarget } from './probe.ts';
import { toStatus, type ObservedStatus } from './status.ts';
import { createStopMarker } from './stop-marker.ts';
import { UsageMeter } from './usage.ts';
import type { Hint } from './watch.ts';

export interface ObserverOptions {
  engine: Engine;
  journal: Journal;
  /** As in `DeployHost`. */
  containers: Locks;
  proxy: Pick<Proxy, 'routes'>;
  clock: Clock;
  log: Log;
  emit: (event: ExecutorEvent) => void;
}

/** The container that speaks for an app: its current one, or the first one that is being deployed. */
interface Picked {
  app: string;
  container: AppContainer;
  isCurrent: boolean;
}

type Seen = Picked & ObservedStatus;

/** Several hints of one change, such as kill, die, stop, make one look. */
const settleTime = 50;

export class Observer {
  readonly #options: ObserverOptions;
  readonly #health: HealthMonitor;
  readonly #tellOom: (hint: Hint) => void;
  readonly #markStop: (hint: Hint) => void;
  readonly usage: UsageMeter;
  #seen = new Map<string, Seen>();
  /** Why the engine does not answer; null while it does. */
  #failure: string | null = null;
  #looking: Promise<void> = Promise.resolve();
  readonly #hinted = new Set<string>();
  #isLookDue = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#health = new HealthMonitor({ engine: options.engine, clock: options.clock, onChange: () => this.#lookSoon() });
    this.#tellOom = createOomTeller(options);
    this.#markStop = createStopMarker({ ...options, onMarked: () => this.#lookSoon() });
    this.usage = new UsageMeter(options.engine);
  }

  /** The current container of an app, read now; null when the app has none. */
  async current(app: string): Promise<AppContainer | null> {
    return this.#pickCurrent(app, await listContainers(this.#options.engine, { app }));
  }

  /** Status of an app, read now; null when it has no container. */
  async status(app: string): Promise<AppStatus | null> {
    await this.look();
    return this.#seen.get(app)?.status ?? null;
  }

  /** The same, of an app whose container has just been changed; null when it has none any more. */
  async statusAfter({ app, id }: AppContainer): Promise<AppStatus | null> {
    await this.#inspect(id);
    return this.status(app);
  }

  hint(hint: Hint): void {
    this.#tellOom(hint);
    this.#markStop(hint);
    this.#hinted.add(hint.container);
    this.#lookSoon();
  }

  /** Read everything and tell what changed. @throws AppError engine_unreachable */
  look(): Promise<void> {
    // One at a time: an older picture must not be told after a newer one.
    const next = this.#looking.then(() => this.#look());
    this.#looking = next.catch(() => undefined);
    return next;
  }

  /** Everything, also what has not changed. */
  async report(): Promise<void> {
    try {
      await this.look();
      this.#failure = null;
    } catch (error) {
      if (this.#failure === null) this.#options.log.error('the Docker engine does not answer', { error: describeError(error) });
      this.#failure = (error instanceof AppError ? error.message : 'the Docker engine does not answer').slice(0, 500);
    }
    this.#tellReport();
  }

  /** What the last report said of the engine. */
  get isEngineReachable(): boolean {
    return this.#failure === null;
  }

  /** Look at what the apps use, for the reports to come, and tell the minutes that are over. A frozen app still holds its memory. */
  async measure(): Promise<void> {
    const { emit, clock } = this.#options;
    const running = [...this.#seen.values()].filter(({ container: { state } }) => state === 'running' || state === 'paused');
    await this.usage.measure(running.map(({ app, container }) => ({ app, container: container.id })));
    for (const minute of this.usage.minutesOver(clock.stamp())) emit(minute);
  }

  /** With an engine that is away the last known statuses stand: nothing has stopped as far as anybody knows (REL-11). */
  #tellReport(): void {
    const { emit, clock } = this.#options;
    const apps = [...this.#seen.values()].map(({ app, status, container }) => ({ app, status, ...this.usage.of(container.id) }));
    const state = this.#failure === null ? { engine: 'reachable' as const } : { engine: 'unreachable' as const, reason: this.#failure };
    emit({ kind: 'report', at: clock.stamp(), ...state, apps });
  }

  async #look(): Promise<void> {
    const { engine, clock, emit } = this.#options;
    const at = clock.stamp();
    // One that is being removed is as good as gone: nothing will be told of it any more.
    const containers = (await listContainers(engine)).filter(({ state }) => state !== 'removing');
    const picked = [...Map.groupBy(containers, ({ app }) => app)].flatMap(([app, own]) => this.#pick(app, own));
    const before = this.#seen;
    this.#watchHealth(picked, before);
    const found = await Promise.all(picked.map((one) => this.#see(one, before.get(one.app))));
    this.#seen = new Map(found.flatMap((seen) => (seen === null ? [] : [[seen.app, seen]])));
    for (const { app, status, reason } of this.#seen.values()) {
      const last = before.get(app);
      if (last?.status !== status || last.reason !== reason) emit({ kind: 'status', app, status, reason, at });
    }
    // No status says that an app has no container; the full picture does, by its absence.
    if ([...before.keys()].some((app) => !this.#seen.has(app))) this.#tellReport();
  }

  #pick(app: string, own: AppContainer[]): Picked[] {
    const current = this.#pickCurrent(app, own);
    const container = current ?? own[0];
    return container === undefined ? [] : [{ app, container, isCurrent: current !== null }];
  }

  async #see({ app, container, isCurrent }: Picked, last: Seen | undefined): Promise<Seen | null> {
    const entry = this.#options.journal.get(container.deployment);
    const hasExited = container.state === 'exited' || container.state === 'dead' || container.state === 'restarting';
    const isAwaited = hasExited && isBeingReplaced(this.#options.journal, app);
    const info = hasExited ? await this.#inspect(container.id) : undefined;
    if (info === null) return null;
    // What cannot be told of this one says nothing about the others: it is taken for what it was.
    if (hasExited && info === undefined && last?.container.id === container.id) return last;
    const observed = toStatus({
      state: container.state,
      isBeingDeployed: !isCurrent || isAwaited,
      isStopped: entry?.isStopped ?? false,
      health: this.#health.of(container.id),
      exit: info === undefined ? null : { code: info.State.ExitCode, isOutOfMemory: info.State.OOMKilled, error: info.State.Error },
      isAlwaysRestarted: isAlwaysRestarted(container.restart ?? info?.HostConfig.RestartPolicy ?? null),
    });
    return { app, container, isCurrent, ...observed };
  }

  #pickCurrent(app: string, own: AppContainer[]): AppContainer | null {
    const { journal, proxy } = this.#options;
    const target = proxy.routes().find((route) => route.app === app)?.targets[0];
    return currentContainer(own, {
      routed: target && deploymentOf(target),
      succeeded: journal.current(app)?.deployment,
      open: journal.unfinished().flatMap((kept) => (kept.outcome === null ? [kept.deployment] : [])),
    });
  }

  /** Plain port checks are not repeated: a process that listens and is gone has exited, which the engine tells. */
  #watchHealth(picked: readonly Picked[], before: ReadonlyMap<string, Seen>): void {
    const targets = picked.flatMap(({ app, container, isCurrent }) => {
      const spec = this.#options.journal.get(container.deployment)?.spec;
      const isRepeated = spec?.health_check.kind === 'http' || spec?.health_check.kind === 'command';
      if (!isCurrent || container.state !== 'running' || container.address === null || spec === undefined || !isRepeated) return [];
      const target: ProbeTarget = { check: spec.health_check, container: container.id, address: container.address, port: spec.internal_port, host: spec.hosts[0] ?? container.address };
      const last = before.get(app);
      return [{ target, isFresh: last?.container.id === container.id && last.container.state !== 'running' && last.container.state !== 'paused' }];
    });
    this.#health.watch(targets);
  }

  #lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    setTimeout(() => {
      this.#isLookDue = false;
      // Without an engine the watch notices, and reports it.
      this.#lookAtHinted().catch(() => undefined);
    }, settleTime);
  }

  /**
   * The engine tells of an exit, and answers who asked it to stop a container, before its list of containers shows it. An inspection waits for the lock that it
   * holds in between (moby daemon/monitor.go, handleContainerExit).
   */
  async #lookAtHinted(): Promise<void> {
    const hinted = [...this.#hinted];
    this.#hinted.clear();
    await Promise.all(hinted.map((container) => this.#inspect(container)));
    await this.look();
  }

  /** Null when there is no such container, undefined when the engine does not tell. */
  async #inspect(id: string): Promise<Dockerode.ContainerInspectInfo | null | undefined> {
    try {
      return await inspectContainer(this.#options.engine, id);
    } catch (error) {
      this.#options.log.warn('a container could not be looked at', { container: id.slice(0, 12), error: describeError(error) });
      return undefined;
    }
  }
}
