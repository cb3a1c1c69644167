/** Dokploy's API at `/api/<router>.<procedure>` and `/api/trpc/<router>.<procedure>`: who asks, what for, and the reply in the protocol it came by. */
import { Hono, type Context as HonoContext } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { mayBeDone } from '../audit-after.ts';
import { errorHeaders, toAppError } from '../problem.ts';
import { countRequest } from '../request-limit.ts';
import type { BaseEnv } from '../route.ts';
import { requireRight } from '../services/access.ts';
import type { Actor } from '../services/actor.ts';
import { appendAudit, byActor } from '../services/audit.ts';
import { identify, tryIdentify } from '../services/auth.ts';
import { tellError } from '../tell-error.ts';
import { invalidInput, notImplemented, toFailure } from './failure.ts';
import { findProcedure } from './procedures.ts';
import { fieldsOf, idsIn } from './told.ts';
import { plain, trpc, type Protocol } from './wire.ts';

const bodyLimitBytes = 1024 * 1024;

/** Of an entry of the audit log: of its target, and of its details where there are more. */
const [idsInTarget, mostIds] = [4, 200];

/** Two words with a dot between: none of our own paths has one. */
const procedureParam = ':procedure{[A-Za-z]+\\.[A-Za-z]+}';

export function createDokployDoor(): Hono<BaseEnv> {
  const door = new Hono<BaseEnv>();
  for (const [path, protocol] of [[`/api/${procedureParam}`, plain], [`/api/trpc/${procedureParam}`, trpc]] as const) {
    const tooLarge = (c: HonoContext<BaseEnv>) => {
      // The rest of the body stays unread.
      c.header('Connection', 'close');
      return refuse(c, protocol, undefined, new AppError('payload_too_large', { detail: `A body may have ${bodyLimitBytes} bytes here.` }));
    };
    door.post(path, bodyLimit({ maxSize: bodyLimitBytes, onError: (c) => tooLarge(c as HonoContext<BaseEnv>) }));
    door.all(path, (c) => serve(c, protocol));
  }
  return door;
}

async function serve(c: HonoContext<BaseEnv>, protocol: Protocol): Promise<Response> {
  const path = c.req.param('procedure') ?? '';
  c.header('X-Frame-Options', 'DENY');
  c.header('Referrer-Policy', 'no-referrer');
  const found = findProcedure(path, c.req.method);
  try {
    const actor = await admit(c);
    if (found === undefined) throw new AppError('route_not_found', { detail: 'Not found' });
    if (found.procedure === null) throw notImplemented(found.instead);
    const { action, input, run } = found.procedure;
    requireRight(actor, action);
    const read = input.safeParse(await protocol.readInput(c));
    if (!read.success) throw invalidInput(read.error);
    const asked = { path, method: found.procedure.method, asked: read.data };
    const value = await Promise.resolve(run({ ctx: c.get('ctx'), actor, action }, read.data)).catch(async (error: unknown) => {
      if (mayBeDone(error)) await tellOf(c, actor, { ...asked, value: error.extra['deployment'], outcome: error.code });
      throw error;
    });
    await tellOf(c, actor, { ...asked, value, outcome: 'done' });
    return c.body(protocol.answer(value), 200, { 'Content-Type': 'application/json' });
  } catch (error) {
    return refuse(c, protocol, found === undefined ? undefined : path, error instanceof z.core.$ZodError ? invalidInput(error) : toAppError(error));
  }
}

interface Done extends Record<'asked' | 'value', unknown> {
  path: string;
  method: 'get' | 'post';
  outcome: string;
}

/** As `services/audited.ts` for our own operations: every mutation, and the one query that lets secrets out, before its reply is there. */
async function tellOf(c: HonoContext<BaseEnv>, actor: Actor, { path, method, asked, value, outcome }: Done): Promise<void> {
  const letsSecretsOut = path === 'application.one' && fieldsOf(value).some(([name, env]) => name === 'env' && typeof env === 'string' && env !== '');
  if (method === 'get' && !letsSecretsOut) return;
  const ids = idsIn(asked, value);
  await appendAudit(c.get('ctx'), [
    { ...byActor(actor), action: `dokploy.${path}`, target: ids.slice(0, idsInTarget).join('/') || actor.user.id, outcome, ...(ids.length > idsInTarget && { detail: { ids: ids.slice(0, mostIds) } }) },
  ]);
}

/** With a key in the header of Dokploy's clients, or as everywhere. @throws AppError unauthenticated, invalid_token, token_expired, grant_missing, rate_limited */
async function admit(c: HonoContext<BaseEnv>): Promise<Actor> {
  const key = c.req.header('x-api-key');
  if (key !== undefined) c.set('identity', await tryIdentify(identify(c.get('ctx'), key)));
  countRequest(c);
  const identity = c.get('identity');
  if (identity === null) throw new AppError('unauthenticated');
  if (identity instanceof AppError) throw identity;
  requireRight(identity, 'compatible_api');
  return identity;
}

function refuse(c: HonoContext<BaseEnv>, protocol: Protocol, path: string | undefined, error: AppError): Response {
  tellError(c, error);
  const failure = toFailure(error);
  const body = protocol.fail(failure, path);
  const headers = errorHeaders(error);
  return typeof body === 'string' ? c.text(body, failure.status as 400, headers) : c.json(body, failure.status as 400, headers);
}
