/**
 * Whether an executor is there. A connection that is cut without a word tells nobody, and a timer that watched for it would keep a Durable Object awake: so
 * silence is noticed when somebody asks, by the last sign of life.
 */
import { limits } from '../../shared/protocol/limits.ts';
import { connectedStatus } from '../../shared/status.ts';
import type { Absence } from '../services/ingest.ts';
import type { Presence } from '../services/ports.ts';
import type { HubSocket, Session } from './socket.ts';

/** The absence that a connection's silence amounts to, which began with its last sign of life; undefined while it is to be trusted. */
export function silenceOf({ session, lastPing }: HubSocket, now = Date.now()): Absence | undefined {
  const since = Math.max(session.lastSeen, lastPing?.() ?? 0);
  // Before hello a timer of the hub's watches; this is for one that slept since.
  const patience = !session.isReady ? 2 * limits.helloTimeout : session.protocol >= 3 ? limits.connectionSilence : limits.earlierSilence;
  return now - since < patience ? undefined : { since, reason: `no sign of life for ${Math.round(patience / 1000)} s` };
}

export function presenceOf(socket: HubSocket | null, absence: Absence | null): Presence {
  const usage = Object.entries(socket?.session.usage ?? {}).map(([app, [cpu, memory]]) => [app, { cpu, memory }] as const);
  const known = { epoch: socket?.session.epoch ?? null, usage: Object.fromEntries(usage) };
  if (socket === null || !socket.session.isReady) return { ...known, isConnected: false, status: 'offline', since: absence?.since ?? null, reason: absence?.reason ?? null };
  return { ...known, isConnected: true, ...socket.session.state };
}

/** Closes a connection and remembers that it is over: one that is cut stays in the host's list of sockets, and is not to be taken up again. */
export function giveUp(socket: HubSocket, code: number, reason: string): void {
  socket.session.isOver = true;
  socket.remember();
  socket.close(code, reason);
}

/** What hello and reports say of the engine. */
export function noteEngine(session: Session, isReachable: boolean, why?: string): void {
  const before = session.state;
  const { status, reason } = connectedStatus(isReachable, why);
  session.state = { status, reason, since: before.status === status ? before.since : Date.now() };
}
