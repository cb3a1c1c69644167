/** The one way to a stream, so that no ticket opens anything else than what it was given for. */
import type { AppView } from '../store/apps.ts';
import type { TicketRow } from '../store/schema.ts';
import { requireDeployed, requirePlaced } from './app-actions.ts';
import type { Context } from './context.ts';
import type { Actor } from './actor.ts';
import { actionOfTicket, type Action } from './permissions.ts';
import type { GrantedStream, StreamRequest } from './ports.ts';
import { requireConnected } from './presence.ts';
import { holderOf } from './stream-holders.ts';
import { requireTicketFor } from './tickets.ts';

export interface Opening {
  actor: Actor;
  app: AppView;
  /** What the actor had to have a right to, besides the stream itself. */
  through?: Action;
  /** That the client has come with. */
  ticket: TicketRow | undefined;
  request: StreamRequest;
  /** Once nothing speaks against it. */
  beforeSocket?: (() => Promise<void>) | undefined;
}

/** The server that has the stream. @throws AppError ticket_mismatch, app_not_deployed */
function requireStream({ app, ticket, request }: Opening): string {
  if (ticket !== undefined) requireTicketFor(ticket, request);
  // There may be a log where there is no container any more, or never was one that ran.
  return request.kind === 'logs' ? requirePlaced(app) : requireDeployed(app);
}

/** Answers the upgrade of a client whose right has been checked. @throws AppError ticket_mismatch, app_not_deployed, executor_offline, upgrade_required */
export async function attachClient(ctx: Context, upgrade: Request, opening: Opening): Promise<Response> {
  const serverId = requireStream(opening);
  await requireConnected(ctx, serverId);
  await opening.beforeSocket?.();
  return ctx.executors.attach(upgrade, serverId, grant(opening));
}

/** The output of the stream. @throws AppError ticket_mismatch, app_not_deployed, executor_offline … */
export function openStream(ctx: Context, opening: Opening): Promise<ReadableStream<Uint8Array>> {
  return ctx.executors.stream(requireStream(opening), grant(opening));
}

function grant({ actor, through, request }: Opening): GrantedStream {
  return { ...request, holder: holderOf(actor, [...(through === undefined ? [] : [through]), actionOfTicket[request.kind]]) };
}
