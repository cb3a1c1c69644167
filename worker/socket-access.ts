/**
 * Routes that are WebSockets: how a client says who it is where no header can be set, and what a refused one gets. Never by a cookie, so no page of
 * another origin gets anywhere with what a browser sends by itself (SEC-02).
 */
import type { Context as HonoContext, MiddlewareHandler } from 'hono';
import { AppError } from '../shared/errors.ts';
import { onApp, type Access, type BaseEnv } from './route.ts';
import type { Actor } from './services/actor.ts';
import { identify, tryIdentify } from './services/auth.ts';
import type { Context } from './services/context.ts';
import { bearerOf, offeredSubprotocols } from './services/subprotocols.ts';
import { redeemTicket } from './services/tickets.ts';
import type { TicketRow } from './store/schema.ts';
import type { AppView } from './store/apps.ts';

interface Identified {
  identity: Actor | AppError | null;
  ticket?: TicketRow;
}

/** A client that wants a socket is told inside one why it does not get it: it cannot read the reply to an upgrade. */
const answerInSocket: MiddlewareHandler<BaseEnv> = async (c, next) => {
  c.set('socket', c.req.header('upgrade')?.toLowerCase() === 'websocket' ? 'wanted' : 'not wanted');
  await next();
};

/** `Authorization` has been looked at; then a ticket, the subprotocol and, for a WebSocket where it is allowed, a token in the address. */
const identifyHere: MiddlewareHandler<BaseEnv> = async (c, next) => {
  if (c.get('identity') === null) {
    const { identity, ticket } = await identifyBy(c.get('ctx'), {
      ticket: c.req.query('ticket'),
      bearer: bearerOf(offeredSubprotocols(c.req.header('sec-websocket-protocol'))),
      token: c.req.query('token'),
      isSocket: c.get('socket') === 'wanted',
    });
    c.set('identity', identity);
    c.set('ticket', ticket);
  }
  await next();
};

interface Offered extends Record<'ticket' | 'bearer' | 'token', string | undefined> {
  isSocket: boolean;
}

async function identifyBy(ctx: Context, { ticket, bearer, token, isSocket }: Offered): Promise<Identified> {
  if (ticket !== undefined) {
    let row: TicketRow | undefined;
    const redeem = async () => {
      const redeemed = await redeemTicket(ctx, ticket);
      row = redeemed.row;
      return redeemed.actor;
    };
    const identity = await tryIdentify(redeem());
    return { identity, ...(row !== undefined && { ticket: row }) };
  }
  if (bearer !== undefined) return { identity: await tryIdentify(identify(ctx, bearer)) };
  if (token === undefined) return { identity: null };
  if (!ctx.config.isUrlTokenOn) return { identity: new AppError('url_token_disabled', { detail: 'Use a ticket of POST /api/v1/ws-tickets.' }) };
  // Whatever else is fetched can set headers.
  if (!isSocket) return { identity: new AppError('unauthenticated', { detail: 'Only a WebSocket takes a token in its address: send `Authorization`, or a ticket of POST /api/v1/ws-tickets.' }) };
  return { identity: await tryIdentify(identify(ctx, token)) };
}

/** @param readIdentity where nobody has looked at the headers yet */
export function socketDoors(readIdentity: (c: HonoContext<BaseEnv>) => Promise<BaseEnv['Variables']['identity']>): [MiddlewareHandler<BaseEnv>, MiddlewareHandler<BaseEnv>, MiddlewareHandler<BaseEnv>] {
  const byHeader: MiddlewareHandler<BaseEnv> = async (c, next) => {
    c.set('identity', await readIdentity(c));
    await next();
  };
  return [answerInSocket, byHeader, identifyHere];
}

export const onAppSocket: Access<{ actor: Actor; app: AppView }> = {
  ...onApp,
  errors: [...onApp.errors, 'ticket_invalid', 'ticket_mismatch', 'url_token_disabled'],
  doors: [answerInSocket, identifyHere],
};
