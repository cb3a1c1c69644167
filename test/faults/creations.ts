/** Every container that was ever made for a deployment, as the engine tells: what runs twice has two. */
import { createInterface } from 'node:readline';
import { labels } from '../../shared/names.ts';
import type { World } from './world.ts';

export interface Creations {
  /** By deployment, of one app. */
  of(app: string): ReadonlyMap<string, number>;
  stop(): void;
}

export async function countCreations({ docker, serverId }: World): Promise<Creations> {
  const over = new AbortController();
  const counts = new Map<string, Map<string, number>>();
  const filters = { type: ['container' as const], event: ['create'], label: [`${labels.server}=${serverId}`, `${labels.role}=app`] };
  const stream = await docker.getEvents({ filters, abortSignal: over.signal });
  const lines = createInterface({ input: stream });
  // It ends by being given up.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const attributes = (JSON.parse(line) as { Actor: { Attributes: Record<string, string> } }).Actor.Attributes;
    const app = attributes[labels.app] ?? '';
    const deployment = attributes[labels.deployment] ?? '';
    const ofApp = counts.get(app) ?? new Map<string, number>();
    counts.set(app, ofApp.set(deployment, (ofApp.get(deployment) ?? 0) + 1));
  });
  return { of: (app) => counts.get(app) ?? new Map(), stop: () => over.abort() };
}
