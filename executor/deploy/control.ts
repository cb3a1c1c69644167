/** How far a deployment is and whether it may still be ended. */
import { AppError } from '../../shared/errors.ts';

export type CancelReason = 'deployment_cancelled' | 'app_deleted';

export class Control {
  readonly #controller = new AbortController();
  #stage: 'queued' | 'running' | 'committed' | 'ended' = 'queued';

  get stage(): 'queued' | 'running' | 'committed' | 'ended' {
    return this.#stage;
  }

  /** Aborts with an AppError of the reason. After the switch only the wait for old connections still listens to it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(): void {
    this.#stage = 'running';
  }

  /** From here on the deployment goes through. @throws AppError when it was cancelled before */
  commit(): void {
    this.signal.throwIfAborted();
    this.#stage = 'committed';
  }

  end(): void {
    this.#stage = 'ended';
  }

  cancel(reason: CancelReason): void {
    this.#controller.abort(new AppError(reason));
  }
}
