/** What a peer of an earlier version must not be told, because it would drop the whole message for it (REL-22). */
import type { ExecutorMessage } from './messages.ts';

type EventMessage = Extract<ExecutorMessage, { type: 'event' }>;

/** An event as a hub of the agreed version reads it; null where it knows no such event: the acknowledgement of a later one speaks for it, as the numbers of version 2 have gaps. */
export function eventFor(protocol: number, message: EventMessage): EventMessage | null {
  if (protocol >= 3) return message;
  if (message.event.kind === 'disk') return null;
  if (message.event.kind !== 'report') return message;
  const { reason: _reason, ...event } = message.event;
  return { ...message, event };
}
