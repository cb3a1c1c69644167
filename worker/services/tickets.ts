/** Single-use tickets for sockets (SEC-01): what ends up in an address is worth nothing a moment later. */
import { toArguments, type CreateTicket } from '../../shared/api/sockets.ts';
import { AppError } from '../../shared/errors.ts';
import { randomBytes, sha256, toHex } from '../auth/bytes.ts';
import type { TicketRow } from '../store/schema.ts';
import { insertTicket, takeTicket } from '../store/tickets.ts';
import { findCallerById } from '../store/users.ts';
import { reachApp, requireRight } from './access.ts';
import { actorOfUser, type Actor } from './actor.ts';
import type { Context } from './context.ts';
import { invalidValue } from './invalid-value.ts';
import { actionOfTicket } from './permissions.ts';
import type { StreamRequest } from './ports.ts';

const life = 30_000;
/** Of one user, not used yet (SEC-22). */
export const mostTickets = 60;

/** @throws AppError app_not_found, forbidden, invalid_value, rate_limited */
export async function createTicket(ctx: Context, actor: Actor, { app: idOrSlug, action, cmd }: CreateTicket): Promise<{ ticket: string; expiresAt: number }> {
  requireRight(actor, actionOfTicket[action]);
  const app = await reachApp(ctx, actor, { id: idOrSlug, action: actionOfTicket[action] });
  if (cmd !== undefined && action !== 'exec') {
    throw invalidValue('/cmd', 'Only a ticket for exec has a command.');
  }
  const now = ctx.clock();
  const ticket = `dkt_${toHex(randomBytes(24))}`;
  const expiresAt = now + life;
  const { via, tokenId } = actor;
  const madeWith = { via, sessionId: via === 'session' ? tokenId : null, keyId: via === 'api_key' ? tokenId : null };
  const row = { hash: sha256(ticket), userId: actor.user.id, ...madeWith, appId: app.id, action, cmd: action === 'exec' ? toArguments(cmd) : null, expiresAt };
  const isGiven = await insertTicket(ctx.db, row, { now, most: mostTickets });
  if (!isGiven) throw new AppError('rate_limited', { detail: `You have ${mostTickets} tickets that are not used yet: each is gone after 30 s.`, retryAfter: life / 1000 });
  return { ticket, expiresAt };
}

/** Whoever asked for the ticket, which is used up by this. @throws AppError ticket_invalid */
export async function redeemTicket(ctx: Context, ticket: string): Promise<{ actor: Actor; row: TicketRow }> {
  const row = await takeTicket(ctx.db, sha256(ticket));
  const caller = row && row.expiresAt > ctx.clock() ? await findCallerById(ctx.db, row.userId) : undefined;
  const tokenId = row?.sessionId ?? row?.keyId;
  if (row === undefined || caller === undefined || tokenId == null) throw new AppError('ticket_invalid', { detail: 'A ticket opens one stream, within 30 s: POST /api/v1/ws-tickets gives another one.' });
  // What it is for was within the key's scopes when it was made, and it is good for nothing else.
  return { actor: actorOfUser(caller, { via: row.via, tokenId }), row };
}

/** @throws AppError ticket_mismatch */
export function requireTicketFor(row: TicketRow, { kind, app, params }: StreamRequest): void {
  const isCommand = !('cmd' in params) || JSON.stringify(row.cmd) === JSON.stringify(params.cmd);
  if (row.appId !== app || row.action !== kind || !isCommand) throw new AppError('ticket_mismatch', { detail: 'The ticket was given for another app, action or command.' });
}
