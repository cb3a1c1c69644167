/** A stream of an executor, lines of JSON, as server-sent events. */
import type { ServerSentEvent } from './event-stream.ts';
import { readLines } from './services/read-lines.ts';

export type ToEvent = (line: string) => ServerSentEvent;

export function lineEvents(body: ReadableStream<Uint8Array>, toEvent: ToEvent): (signal: AbortSignal) => AsyncIterable<ServerSentEvent[]> {
  // Begun at once, not with the first event: a client may have gone before.
  return (signal) => map(readLines(body, signal), toEvent);
}

async function* map(batches: AsyncIterable<string[]>, toEvent: ToEvent): AsyncGenerator<ServerSentEvent[]> {
  for await (const lines of batches) yield lines.map(toEvent);
}

/** The cursor is what a client that comes back sends as `Last-Event-ID`. */
export function toLogEvent(line: string): ServerSentEvent {
  // Written by the executor and, as on a WebSocket, passed on as it is: a schema would cost ten times what all the rest does. A line without a cursor tells of a gap.
  const { cursor } = JSON.parse(line) as { cursor?: string };
  return cursor === undefined ? { data: line, event: 'dropped' } : { data: line, id: cursor };
}
