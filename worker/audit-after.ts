/** Around the handler of every operation that `services/audited.ts` names: when it has done its work, and before anybody reads the reply, the row is there. */
import type { Context as HonoContext } from 'hono';
import { AppError } from '../shared/errors.ts';
import type { BaseEnv } from './route.ts';
import type { Actor } from './services/actor.ts';
import { appendAudit, byActor, type AuditFacts } from './services/audit.ts';
import type { Audited } from './services/audited.ts';
import type { AppView } from './store/apps.ts';

type Context = HonoContext<{ Variables: BaseEnv['Variables'] & { actor: Actor } }>;
type Handler = (c: Context) => Response | Promise<Response>;
type Fields = Record<string, unknown>;

/** After these it may have been done all the same. */
const open: readonly string[] = ['deadline_exceeded', 'executor_lost'];

/** Whether there is something to tell of after all. What was refused has its reply, and no row. */
export function mayBeDone(error: unknown): error is AppError {
  return error instanceof AppError && (error.extra['deployment'] !== undefined || open.includes(error.code));
}

/** With the address that it is called at: `/api/v1/apps/{appId}`. */
type Told = Audited & { path: string };

export function auditAfter(handler: Handler, entry: Told): Handler {
  return async (c) => {
    let isWritten = false;
    const write = async (outcome: string, reply: Fields) => {
      const who = whoIs(c, entry, reply);
      if (isWritten || who === null) return;
      isWritten = true;
      const detail = entry.tells?.(askedOf(c)) ?? {};
      await appendAudit(c.get('ctx'), [{ ...who, action: entry.action, target: targetOf(c, entry, reply) || who.actor, outcome, detail }]);
    };
    c.set('auditNow', () => write('done', {}));
    const response = await Promise.resolve(handler(c)).catch(async (error: unknown) => {
      if (mayBeDone(error)) await write(error.code, (error.extra['deployment'] ?? {}) as Fields);
      throw error;
    });
    // The reply is read only where something of it is told: others may be streams.
    const reply = entry.isMade !== undefined || entry.actorOf !== undefined ? ((await response.clone().json()) as Fields) : {};
    await write('done', reply);
    return response;
  };
}

function whoIs(c: Context, { actorOf }: Audited, reply: Fields): Pick<AuditFacts, 'actor' | 'via' | 'credential'> | null {
  const actor = c.get('actor') as Actor | undefined;
  if (actor !== undefined) return byActor(actor);
  const id = actorOf?.(reply);
  return id === undefined ? null : { actor: id, via: 'public', credential: null };
}

/** As it was checked; nothing of a body that was passed on as it came. */
function askedOf(c: Context): Fields {
  const valid = (what: 'query' | 'json') => c.req.valid(what as never) as Fields | undefined;
  return { ...valid('query'), ...valid('json') };
}

/** An app is named by its id, whatever the address names. */
function targetOf(c: Context, { isMade, path }: Told, reply: Fields): string {
  const app = c.get('app' as never) as AppView | undefined;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const named = names.map((name) => ((name === 'appId' || name === 'slug') && app !== undefined ? app.id : c.req.param(name)));
  return [...named, ...(isMade ? [reply['id']] : [])].filter((id) => id !== undefined).join('/');
}
