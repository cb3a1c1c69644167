/** Reads the log of an app as a browser does: server-sent events, and where they break off again from the last line that came. */
import { setTimeout as sleep } from 'node:timers/promises';
import { logEntry } from '../../shared/protocol/logs.ts';
import { openEventSource, type EventSource } from '../support/event-source.ts';
import type { Scene } from './scene.ts';

/** Texts that are wanted, in the order in which they came, up to the last one, or to `milliseconds`. */
export async function followLog({ world, slug, problems }: Scene, isWanted: (text: string) => boolean, last: string, milliseconds: number): Promise<string[]> {
  const seen: string[] = [];
  const deadline = Date.now() + milliseconds;
  let cursor: string | undefined;
  while (seen.at(-1) !== last && Date.now() < deadline) {
    const source = await open();
    if (source === undefined) await sleep(200);
    else await read(source);
  }
  return seen;

  /** Undefined while it is refused. */
  async function open(): Promise<EventSource | undefined> {
    return openEventSource({ url: `${world.url}/api/v1/apps/${slug}/logs/stream?tail=5000`, token: world.token, ...(cursor !== undefined && { lastEventId: cursor }) }).catch(() => undefined);
  }

  async function read(source: EventSource): Promise<void> {
    const late = setTimeout(() => source.leave(), Math.max(0, deadline - Date.now()));
    try {
      for (let next = await source.next(); next !== undefined; next = await source.next()) {
        if (next.event === 'failure') return;
        if (next.event === 'dropped') problems.push('lines of the log were dropped');
        if (next.event !== 'message') continue;
        cursor = next.id ?? cursor;
        const { text } = logEntry.parse(next.data);
        if (isWanted(text)) seen.push(text);
        if (text === last) return;
      }
    } catch {
      // The connection broke; the next one goes on after the last line.
    } finally {
      clearTimeout(late);
      source.leave();
    }
  }
}
