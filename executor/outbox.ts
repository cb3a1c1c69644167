/** Events on their way to the control plane: numbered anew for each connection, kept until acknowledged, bounded. */
import { isFinished } from '../shared/status.ts';
import type { DeploymentEvent, ExecutorEvent, UsageEvent } from '../shared/protocol/events.ts';
import { limits } from '../shared/protocol/limits.ts';
import type { ExecutorMessage } from '../shared/protocol/messages.ts';

type EventMessage = Extract<ExecutorMessage, { type: 'event' }>;
type Send = (message: EventMessage) => void;

export interface OutboxOptions {
  length?: number;
  usage?: number;
  /** An outcome has reached the control plane: it need not be kept any more. */
  onOutcomeAcknowledged: (deployment: string) => void;
}

export class Outbox {
  readonly #length: number;
  readonly #usage: number;
  readonly #onOutcomeAcknowledged: OutboxOptions['onOutcomeAcknowledged'];
  #waiting: EventMessage[] = [];
  #seq = 0;
  #send: Send | null = null;

  constructor(options: OutboxOptions) {
    this.#length = options.length ?? limits.outboxLength;
    this.#usage = options.usage ?? limits.outboxUsage;
    this.#onOutcomeAcknowledged = options.onOutcomeAcknowledged;
  }

  push(event: ExecutorEvent): void {
    // Only the newest full picture is worth anything to a control plane that was away.
    if (event.kind === 'report') this.#waiting = this.#waiting.filter((message) => message.event.kind !== 'report');
    const message: EventMessage = { type: 'event', seq: ++this.#seq, event };
    this.#waiting.push(message);
    this.#trim();
    this.#send?.(message);
  }

  /**
   * A new connection: everything unacknowledged goes out again, in order, then events as they come. Numbered from 1, without a gap where something has been dropped:
   * a gap tells the hub that the network has lost an event.
   */
  attach(send: Send): void {
    this.#send = send;
    this.#waiting = this.#waiting.map((message, index) => ({ ...message, seq: index + 1 }));
    this.#seq = this.#waiting.length;
    for (const message of this.#waiting) send(message);
  }

  detach(): void {
    this.#send = null;
  }

  acknowledge(seq: number): void {
    const taken = this.#waiting.filter((message) => message.seq <= seq);
    this.#waiting = this.#waiting.filter((message) => message.seq > seq);
    for (const { event } of taken) if (isOutcome(event)) this.#onOutcomeAcknowledged(event.deployment);
  }

  /** The oldest events give way, usage before all others, but never the outcome of a deployment: nothing else would tell it. */
  #trim(): void {
    while (this.#usageWaiting() > this.#usage) this.#drop(isUsage);
    while (this.#waiting.length > this.#length) if (!this.#drop(isUsage) && !this.#drop((event) => !isOutcome(event))) return;
  }

  #usageWaiting(): number {
    return this.#waiting.reduce((sum, { event }) => sum + (isUsage(event) ? event.apps.length : 0), 0);
  }

  /** The oldest that may go. @returns whether there was one */
  #drop(mayGo: (event: ExecutorEvent) => boolean): boolean {
    const index = this.#waiting.findIndex(({ event }) => mayGo(event));
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }
}

function isUsage(event: ExecutorEvent): event is UsageEvent {
  return event.kind === 'usage';
}

function isOutcome(event: ExecutorEvent): event is DeploymentEvent {
  return event.kind === 'deployment' && isFinished(event.status);
}
