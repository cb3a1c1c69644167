/** Also what somebody stops by hand stays `stopped` in our terms, whatever its exit code, and stays down when the engine comes back. */
import { labels } from '../../shared/names.ts';
import { isBeingReplaced } from '../deploy/replace.ts';
import { inspectContainer, keepDown, keepUp } from '../docker/containers.ts';
import { isUnreachable, type Engine } from '../docker/engine.ts';
import { readRestartPolicy } from '../docker/restart-policy.ts';
import type { Journal } from '../journal.ts';
import type { Locks } from '../locks.ts';
import { describeError, type Log } from '../log.ts';
import type { Hint } from './watch.ts';

interface MarkerOptions {
  engine: Engine;
  journal: Journal;
  /** As in `DeployHost`: an action that is under way has the last word, and hints of an app come after each other. */
  containers: Locks;
  log: Log;
  /** The status of an app may be another one now. */
  onMarked: () => void;
}

/** @returns what is to be called with every hint */
export function createStopMarker({ engine, journal, containers, log, onMarked }: MarkerOptions): (hint: Hint) => void {
  async function mark({ app, deployment, container: id }: Hint, isStopped: boolean): Promise<void> {
    const entry = journal.current(app);
    if (entry?.deployment !== deployment || entry.isStopped === isStopped || isBeingReplaced(journal, app)) return;
    const container = await inspectContainer(engine, id);
    // An engine that shuts down stops its containers and tells of it in the same words; but then it answers no more, or they run again when it does (REL-11).
    if (container === null || container.State.Running === isStopped) return;
    await (isStopped ? keepDown : keepUp)(engine, { id, restart: readRestartPolicy(container.Config.Labels[labels.restart]) });
    await journal.change(deployment, { isStopped });
    onMarked();
  }

  return (hint) => {
    if (hint.action !== 'stop' && hint.action !== 'start') return;
    containers.hold(hint.app, () => mark(hint, hint.action === 'stop')).catch((error: unknown) => {
      if (!isUnreachable(error)) log.warn('a stop could not be journalled', { app: hint.app, error: describeError(error) });
    });
  };
}
