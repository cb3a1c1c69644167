/** Out-of-memory kills, as the engine tells of them: of the container's own process, or of one of its children while it lives on. */
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import type { Clock } from '../clock.ts';
import type { Hint } from './watch.ts';

/** ms in which one container's kills are one event: a worker that dies again and again must not become a flood. */
const quiet = 60_000;

/** @returns what is to be called with every hint */
export function createOomTeller({ clock, emit }: { clock: Pick<Clock, 'stamp'>; emit: (event: ExecutorEvent) => void }): (hint: Hint) => void {
  const told = new Map<string, number>();
  return ({ action, app, container, deployment }) => {
    if (action === 'destroy') told.delete(container);
    if (action !== 'oom') return;
    const at = clock.stamp();
    if (at - (told.get(container) ?? -Infinity) < quiet) return;
    told.set(container, at);
    emit({ kind: 'oom', app, deployment, at });
  };
}
