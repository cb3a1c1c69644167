/** Every container of an app that was ever made, and those that run, as the engine tells: what is done twice has two. */
import { createInterface } from 'node:readline';
import { labels } from '../../shared/names.ts';
import type { World } from './world.ts';

export interface Containers {
  /** How many were made, by deployment, of one app. */
  madeFor(app: string): ReadonlyMap<string, number>;
  /** How many of one app ran at the same time at most. */
  atOnce(app: string): number;
  stop(): void;
}

interface OfApp {
  made: Map<string, number>;
  running: Set<string>;
  atOnce: number;
}

export async function watchContainers({ docker, serverId }: World): Promise<Containers> {
  const over = new AbortController();
  const apps = new Map<string, OfApp>();
  const filters = { type: ['container' as const], event: ['create', 'start', 'die'], label: [`${labels.server}=${serverId}`, `${labels.role}=app`] };
  const stream = await docker.getEvents({ filters, abortSignal: over.signal });
  const lines = createInterface({ input: stream });
  // It ends by being given up.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const { Action: action, Actor: actor } = JSON.parse(line) as { Action: string; Actor: { ID: string; Attributes: Record<string, string> } };
    const app = actor.Attributes[labels.app] ?? '';
    const deployment = actor.Attributes[labels.deployment] ?? '';
    const of = apps.get(app) ?? { made: new Map<string, number>(), running: new Set<string>(), atOnce: 0 };
    apps.set(app, of);
    if (action === 'create') of.made.set(deployment, (of.made.get(deployment) ?? 0) + 1);
    else if (action === 'start') of.atOnce = Math.max(of.atOnce, of.running.add(actor.ID).size);
    else of.running.delete(actor.ID);
  });
  return { madeFor: (app) => apps.get(app)?.made ?? new Map(), atOnce: (app) => apps.get(app)?.atOnce ?? 0, stop: () => over.abort() };
}
