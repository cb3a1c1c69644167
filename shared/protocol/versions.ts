/** What a peer of an earlier version must not be told, because it would drop the whole message for it (REL-22). */
import type { ExecutorMessage } from './messages.ts';

type EventMessage = Extract<ExecutorMessage, { type: 'event' }>;

/** An event as a hub of the agreed version reads it. */
export function eventFor(protocol: number, message: EventMessage): EventMessage {
  if (protocol >= 3 || message.event.kind !== 'report') return message;
  const { reason: _reason, ...event } = message.event;
  return { ...message, event };
}
