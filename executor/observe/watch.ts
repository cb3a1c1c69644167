/**
 * The engine's own event stream. It replays at most 256 events, forgets them when dockerd restarts and may lose some to a slow
 * reader, so an event is a hint to look, never a fact (REL-11).
 */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { labels } from '../../shared/names.ts';
import type { Clock } from '../clock.ts';
import { agreeOnVersion } from '../docker/api-version.ts';
import { isReachable, type Engine } from '../docker/engine.ts';
import { parseJson } from '../json.ts';

const containerEvent = z.object({ Action: z.string(), Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }) });

/** What happened to a container of ours. */
export interface Hint {
  action: string;
  container: string;
  app: string;
  deployment: string;
}

export interface WatchOptions {
  engine: Engine;
  clock: Pick<Clock, 'sleep'>;
  signal: AbortSignal;
  onHint: (hint: Hint) => void;
  /** The engine answers, for the first time or again: nothing that was known before is certain. */
  onUp: () => Promise<void>;
  onDown: () => void;
}

const retryAfter = 1_000;

/** Watch until the signal aborts, through every restart of the engine. */
export async function watchEngine(options: WatchOptions): Promise<void> {
  const { engine, clock, signal, onUp, onDown } = options;
  while (!signal.aborted) {
    await follow(options).catch(() => undefined);
    if (signal.aborted) return;
    if (!(await isReachable(engine))) onDown();
    await clock.sleep(retryAfter, signal).catch(() => undefined);
  }

  async function follow({ onHint }: WatchOptions): Promise<void> {
    await agreeOnVersion(engine);
    const filters = { type: ['container' as const], label: [`${labels.server}=${engine.serverId}`, `${labels.role}=app`] };
    const stream = await engine.docker.getEvents({ filters, abortSignal: signal });
    // The stream is open before the state is read, so that nothing falls in between.
    const up = onUp();
    for await (const line of createInterface({ input: stream })) {
      const hint = toHint(line);
      if (hint !== null) onHint(hint);
    }
    await up;
  }
}

export function toHint(line: string): Hint | null {
  const parsed = containerEvent.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const { Action, Actor } = parsed.data;
  return { action: Action, container: Actor.ID, app: Actor.Attributes[labels.app] ?? '', deployment: Actor.Attributes[labels.deployment] ?? '' };
}
