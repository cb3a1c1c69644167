/** All deployments of this host: accepted durably, one at a time per app in the order they came, cancellable until the switch. */
import { AppError } from '../../shared/errors.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { isDiskFull } from '../disk.ts';
import { isReachable, isUnreachable } from '../docker/engine.ts';
import { createLocks } from '../locks.ts';
import { describeError } from '../log.ts';
import { RecentIds } from '../recent-ids.ts';
import { Control, type CancelReason } from './control.ts';
import type { DeployHost } from './host.ts';
import { dropFailedImage, dropOldImages } from './kept-images.ts';
import { outlastFullDisk } from './outlast-disk.ts';
import { undo } from './replace.ts';
import { abandon, runDeployment, type Deployment } from './run.ts';
import { retireOld } from './switch.ts';

const declinedKept = 1_000;

/** An engine that is said to be away so often, and answers to a ping each time, is not away. */
const mostOutages = 3;
/** At most every 32nd round of tries. */
const mostPatience = 5;

export class Deployments {
  readonly #host: DeployHost;
  readonly #open = new Map<string, Deployment>();
  readonly #accepting = new Map<string, Promise<void>>();
  readonly #apps = createLocks();
  /** Cancelled before they came: what is late, or was overtaken by its cancellation, is not taken over any more. The newest only: nothing is late for long. */
  readonly #declined = new RecentIds<string>(declinedKept);
  /** Apps that are being removed: what is accepted for one of them ends at once. */
  readonly #removing = new Set<string>();
  /** How often what was begun has not come to its end. */
  readonly #setbacks = new Map<string, number>();
  #rounds = 0;
  #hasResumed = false;

  constructor(host: DeployHost) {
    this.#host = host;
  }

  /** Begin to work, with what an earlier process left unfinished (REL-07). What is accepted before only waits, to keep its place. */
  resume(): void {
    if (this.#hasResumed) return;
    this.#hasResumed = true;
    for (const { deployment, spec } of this.#host.journal.unfinished()) this.#enqueue(deployment, spec);
  }

  /** Go on with what the engine or the disk has kept from its end. Asked for again and again; what fails each time is tried ever more rarely. */
  retry(): void {
    if (!this.#hasResumed) return;
    this.#rounds++;
    for (const { deployment, spec } of this.#host.journal.unfinished()) {
      const isAtWork = this.#open.has(deployment) || this.#accepting.has(deployment);
      const every = 2 ** Math.min(this.#setbacks.get(deployment) ?? 0, mostPatience);
      if (!isAtWork && this.#rounds % every === 0) this.#enqueue(deployment, spec);
    }
  }

  /** Resolves once the deployment is on disk. The same id again runs nothing twice (REL-06). @throws AppError deployment_cancelled when its cancellation came first */
  async accept(id: string, spec: AppSpec): Promise<void> {
    if (this.#declined.has(id)) throw new AppError('deployment_cancelled', { detail: 'It was cancelled before it came.' });
    const known = this.#host.journal.get(id);
    if (known?.outcome) return this.#host.emit(known.outcome);
    if (known !== undefined) return;
    const accepting = this.#accepting.get(id) ?? this.#take(id, spec).finally(() => this.#accepting.delete(id));
    this.#accepting.set(id, accepting);
    await accepting;
  }

  /** Whether the deployment will end as cancelled: false past the switch, when it has ended, or is unknown. One that is unknown stays so. */
  async cancel(id: string, reason: CancelReason): Promise<boolean> {
    // One that is being written to the disk right now is there in a moment, or its sender is told why not.
    await this.#accepting.get(id)?.catch(() => undefined);
    const deployment = this.#open.get(id);
    if (deployment === undefined) return this.#cancelBeforeItsTurn(id, reason);
    const { control } = deployment;
    const stage = control.stage;
    // What has its outcome only clears up behind itself.
    const isPastCancelling = stage === 'committed' || this.#host.journal.get(id)?.outcome != null;
    if (stage === 'ended' || (isPastCancelling && reason === 'deployment_cancelled')) return false;
    control.cancel(reason);
    if (isPastCancelling) return false;
    // Taken out of the queue before anything is awaited, or its turn could come meanwhile.
    if (stage === 'queued') control.end();
    // On a full disk it ends all the same; only a crash before the end would forget the wish.
    await this.#host.journal.change(id, { cancel: reason }).catch(unlessFull);
    if (stage === 'queued') await this.#abandonQueued(deployment, reason);
    return true;
  }

  /** Cancel all deployments of an app, and do `remove` when none is at work any more. Until it is done none begins. */
  async endApp(app: string, remove: () => Promise<void>): Promise<void> {
    this.#removing.add(app);
    try {
      // What is being written to the disk right now is cancelled there, or found below.
      await Promise.allSettled(this.#accepting.values());
      const ids = this.#host.journal.unfinished().flatMap(({ deployment, spec }) => (spec.app === app ? [deployment] : []));
      await Promise.all(ids.map((id) => this.cancel(id, 'app_deleted')));
      await this.#apps.hold(app, remove);
    } finally {
      this.#removing.delete(app);
    }
  }

  /** Resolves when everything accepted for the app so far has been worked off. */
  settled(app: string): Promise<void> {
    return this.#apps.hold(app, () => Promise.resolve());
  }

  /** In a turn of its own, unless a deployment or the removal of the app is under way or about to be: then nothing is done. */
  async whenIdle(app: string, work: () => Promise<void>): Promise<void> {
    const isBusy = () => this.#removing.has(app) || this.#host.journal.unfinished().some(({ spec }) => spec.app === app);
    if (isBusy()) return;
    await this.#apps.hold(app, async () => {
      if (!isBusy()) await work();
    });
  }

  /** Ids that have no outcome yet. */
  active(): string[] {
    return this.#host.journal.unfinished().flatMap((kept) => (kept.outcome === null ? [kept.deployment] : []));
  }

  async #take(id: string, spec: AppSpec): Promise<void> {
    const { journal, clock, emit, log } = this.#host;
    const cameTooLate = this.#removing.has(spec.app);
    await journal.accept(id, spec, clock.stamp());
    log.info('deployment accepted', { deployment: id, app: spec.app, slug: spec.slug });
    emit({ kind: 'deployment', deployment: id, app: spec.app, status: 'running', phase: 'queued', at: clock.stamp(), image_id: null, failure: null });
    if (cameTooLate || this.#removing.has(spec.app)) await this.#abandonQueued({ id, spec, control: new Control() }, 'app_deleted');
    else if (this.#hasResumed) this.#enqueue(id, spec);
  }

  #enqueue(id: string, spec: AppSpec): void {
    const deployment: Deployment = { id, spec, control: new Control() };
    this.#open.set(id, deployment);
    const turn = this.#apps.hold(spec.app, () => this.#work(deployment));
    turn
      .catch((error: unknown) => this.#host.log.error('deployment left unfinished; it is gone on with later', { deployment: id, error: describeError(error) }))
      .finally(() => {
        this.#open.delete(id);
        const isLeft = this.#host.journal.get(id)?.isDone === false;
        if (isLeft) this.#setbacks.set(id, (this.#setbacks.get(id) ?? 0) + 1);
        else this.#setbacks.delete(id);
      });
  }

  async #work(deployment: Deployment): Promise<void> {
    const { control, id } = deployment;
    if (control.stage === 'ended') return;
    control.begin();
    const kept = this.#host.journal.get(id);
    // Forgotten with its app, which was removed before this turn came.
    if (kept === undefined) return control.end();
    // Cancelled before a crash: what it made so far is all there is to undo.
    if (kept.outcome === null && kept.cancel) control.cancel(kept.cancel);
    const serves = kept.outcome === null ? await runDeployment(this.#host, deployment) : kept.outcome.status === 'succeeded';
    if (!serves) control.end();
    else if (control.stage !== 'committed' && !control.signal.aborted) control.commit();
    if (this.#host.journal.get(id)?.isDone === false) await this.#finish(deployment, serves);
    control.end();
  }

  /**
   * Drain and remove what was replaced, or what has failed. While the engine is away there is nothing to do but wait for it. What it refuses, or never comes back
   * from, is left for later (`retry`): whoever waits for the app's turn has it first.
   */
  async #finish({ id, spec, control }: Deployment, serves: boolean): Promise<void> {
    const { journal, clock, engine, log } = this.#host;
    for (let outages = 0; ; outages++) {
      try {
        if (serves) {
          await retireOld(this.#host, { id, spec }, control.signal);
          await dropOldImages(this.#host, spec.app);
        } else {
          await undo(this.#host, { id, spec });
          await dropFailedImage(this.#host, { id, spec });
        }
        break;
      } catch (error) {
        log.warn('what a deployment leaves behind is not removed yet', { deployment: id, error: describeError(error) });
        if (!isUnreachable(error) || outages === mostOutages) return;
      }
      do await clock.sleep(1_000);
      while (!(await isReachable(engine)));
    }
    await outlastFullDisk(this.#host, { deployment: id }, () => journal.change(id, { isDone: true }));
  }

  /** What an earlier process left, and this one has not resumed yet: the wish is kept, and carried out when its turn comes. */
  async #cancelBeforeItsTurn(id: string, reason: CancelReason): Promise<boolean> {
    const kept = this.#host.journal.get(id);
    if (kept === undefined) this.#declined.add(id);
    if (kept === undefined || kept.outcome !== null) return false;
    await this.#host.journal.change(id, { cancel: reason });
    // Its turn may have come while that was written.
    return this.#open.has(id) ? this.cancel(id, reason) : true;
  }

  async #abandonQueued(deployment: Deployment, reason: CancelReason): Promise<void> {
    await abandon(this.#host, deployment, 'queued', new AppError(reason));
    this.#open.delete(deployment.id);
  }
}

function unlessFull(error: unknown): void {
  if (!isDiskFull(error)) throw error;
}
