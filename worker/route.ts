/**
 * One literal per endpoint. `defineRoute(access, errors, route, handler)` is where validation, the types of the handler, the access check,
 * every error reply and the OpenAPI entry come from; there is no second list of any of these.
 */
import { createRoute, type OpenAPIHono, type RouteConfig, type RouteHandler } from '@hono/zod-openapi';
import type { HonoRequest, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { AppError, type ErrorCode } from '../shared/errors.ts';
import { answerOnce } from './answer-once.ts';
import { auditAfter } from './audit-after.ts';
import { countRequest } from './request-limit.ts';
import { errorResponses, impliedErrors, keyParameter, takesJson, withHeaders } from './route-replies.ts';
import { reachApp, reachDeployment, reachEnvironment, reachProject, requireRight } from './services/access.ts';
import type { Actor } from './services/actor.ts';
import type { Context } from './services/context.ts';
import { audited } from './services/audited.ts';
import { actions, type Action } from './services/permissions.ts';
import type { Claim } from './services/idempotency-keys.ts';
import { reachServer } from './services/servers.ts';
import type { AppView } from './store/apps.ts';
import type { EnvironmentView } from './store/environments.ts';
import type { ProjectView } from './store/projects.ts';
import type { DeploymentRow, ServerRow, TicketRow } from './store/schema.ts';

/** What every handler finds on its request. */
interface BaseVariables {
  ctx: Context;
  requestId: string;
  /** As it came in: checking a body may put a copy in its place, of which the host knows nothing. */
  incoming: Request;
  /** Whoever the token belongs to; an `AppError` when the token was no good; null without one. */
  identity: Actor | AppError | null;
  /** Of a route for sockets: whether this request wants to be one. Undefined elsewhere. */
  socket: 'wanted' | 'not wanted' | undefined;
  /** With an `Idempotency-Key`: ids that are the same when the request is carried out again because nobody knows how it ended. */
  fixedId: Claim['fixedId'] | undefined;
  /** Of a route that is audited and whose reply begins what cannot be taken back: writes the row before that. */
  auditNow: (() => Promise<void>) | undefined;
  /** The ticket that was used up for this request. */
  ticket: TicketRow | undefined;
}
export type BaseEnv = { Variables: BaseVariables };

/** What for, and the parameters of the path. */
interface Asked {
  action: Action;
  param(name: string): string;
}

/** Who may call a route, and what the check hands to its handler. */
export interface Access<Granted extends object = object> {
  /** For the spec, the docs and the access test. */
  readonly kind: 'public' | 'executor' | 'user' | 'administrator' | 'project' | 'environment' | 'app' | 'deployment' | 'server';
  readonly errors: readonly ErrorCode[];
  /** What happens to a request before it is checked. */
  readonly doors?: readonly MiddlewareHandler<BaseEnv>[];
  grant(ctx: Context, identity: BaseVariables['identity'], asked: Asked): Promise<Granted>;
}

const signedIn: readonly ErrorCode[] = ['unauthenticated', 'invalid_token', 'token_expired', 'grant_missing', 'scope_missing'];

function requireActor(identity: BaseVariables['identity']): Actor {
  if (identity === null) throw new AppError('unauthenticated', { detail: 'Send `Authorization: Bearer` with an API key (dkp_…) or the token of POST /api/v1/auth/login.' });
  if (identity instanceof AppError) throw identity;
  return identity;
}

export const onPublic: Access = { kind: 'public', errors: [], grant: async () => ({}) };

/** The route proves by itself which executor calls. */
export const onExecutor: Access = { kind: 'executor', errors: [], grant: async () => ({}) };

export const onUser: Access<{ actor: Actor }> = { kind: 'user', errors: signedIn, grant: async (_ctx, identity) => ({ actor: requireActor(identity) }) };

/** Never with a key: the table of actions says so as well. */
export const onSession: Access<{ actor: Actor }> = { kind: 'user', errors: [...signedIn.filter((code) => code !== 'scope_missing'), 'session_needed'], grant: onUser.grant };

export const onAdministrator: Access<{ actor: Actor }> = {
  kind: 'administrator',
  errors: [...signedIn, 'forbidden'],
  grant: async (_ctx, identity) => ({ actor: requireActor(identity) }),
};

export const onProject: Access<{ actor: Actor; project: ProjectView }> = {
  kind: 'project',
  errors: [...signedIn, 'forbidden', 'project_not_found'],
  grant: async (ctx, identity, { action, param }) => {
    const actor = requireActor(identity);
    return { actor, project: await reachProject(ctx, actor, { id: param('projectId'), action }) };
  },
};

export const onEnvironment: Access<{ actor: Actor; environment: EnvironmentView }> = {
  kind: 'environment',
  errors: [...signedIn, 'forbidden', 'environment_not_found'],
  grant: async (ctx, identity, { action, param }) => {
    const actor = requireActor(identity);
    return { actor, environment: await reachEnvironment(ctx, actor, { id: param('environmentId'), action }) };
  },
};

export const onApp: Access<{ actor: Actor; app: AppView }> = {
  kind: 'app',
  errors: [...signedIn, 'forbidden', 'app_not_found'],
  grant: async (ctx, identity, { action, param }) => {
    const actor = requireActor(identity);
    return { actor, app: await reachApp(ctx, actor, { id: param('appId') || param('slug'), action }) };
  },
};

export const onDeployment: Access<{ actor: Actor; deployment: DeploymentRow; app: AppView }> = {
  kind: 'deployment',
  errors: [...signedIn, 'forbidden', 'deployment_not_found'],
  grant: async (ctx, identity, { action, param }) => {
    const actor = requireActor(identity);
    return { actor, ...(await reachDeployment(ctx, actor, { id: param('deploymentId'), action })) };
  },
};

export const onServer: Access<{ actor: Actor; server: ServerRow }> = {
  kind: 'server',
  errors: [...signedIn, 'forbidden', 'server_not_found'],
  grant: async (ctx, identity, { param }) => {
    const actor = requireActor(identity);
    return { actor, server: await reachServer(ctx, param('serverId')) };
  },
};

/** A route as the registry holds it. */
export interface DefinedRoute {
  access: Access;
  method: string;
  /** `/api/v1/apps/{appId}` */
  path: string;
  operationId: string;
  summary: string;
  errors: readonly ErrorCode[];
  /** Whether it takes an `Idempotency-Key`, which every POST does that has no reason against it. */
  takesKey: boolean;
  /** The reason. */
  whyNoKey: string | undefined;
  mount(api: OpenAPIHono<BaseEnv>): void;
}

type Config = RouteConfig & {
  operationId: string;
  summary: string;
  tags: string[];
  /** Bytes of a JSON body, where it may be larger than others. */
  'x-max-body-bytes'?: number;
  /** Of a POST that takes no `Idempotency-Key`: why. */
  'x-no-idempotency-key'?: string;
};

export function defineRoute<Granted extends object, const R extends Config>(
  access: Access<Granted>,
  errors: readonly ErrorCode[],
  route: R,
  handler: RouteHandler<R, { Variables: BaseVariables & Granted }>,
): DefinedRoute {
  const isPublic = access.kind === 'public' || access.kind === 'executor';
  const isLimited = isCounted(access);
  const whyNoKey = route['x-no-idempotency-key'];
  const takesKey = route.method === 'post' && whyNoKey === undefined;
  const allErrors = [...new Set([...access.errors, ...errors, ...impliedErrors(route, { isLimited, takesKey })])];
  const full = createRoute({
    ...route,
    security: access.kind === 'executor' ? [{ executorToken: [] }] : isPublic ? [] : [{ apiKey: [] }, { session: [] }],
    ...(takesKey && { parameters: [keyParameter, ...(route.parameters ?? [])] }),
    responses: withHeaders({ ...route.responses, ...errorResponses(allErrors) }, { isLimited, takesKey }),
    middleware: [...(access.doors ?? []), guard(access, actions[route.operationId]), ...checksOfBody(route)],
  });
  return {
    access,
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    summary: route.summary,
    errors: allErrors,
    takesKey,
    whyNoKey,
    mount: (api) => {
      // The handler is typed by its own responses and grants; the mounted route only adds error replies, which it throws, and replies it has given before.
      const plain = handler as unknown as Parameters<typeof answerOnce>[0];
      const entry = audited[route.operationId];
      // Within: what is answered again has not been done again.
      const told = entry === undefined ? plain : auditAfter(plain, { ...entry, path: route.path });
      const once = takesKey ? answerOnce(told, { hasBody: takesJson(route) }) : told;
      api.openapi(full, once as unknown as RouteHandler<typeof full, BaseEnv>);
    },
  };
}

/** Work of others waits for an executor, and its requests grow with theirs. It proves who it is before anything is done for it. */
function isCounted({ kind }: Access): boolean {
  return kind !== 'executor';
}

/** The right to do it comes first, then whether the thing is there for them. */
function guard<Granted extends object>(access: Access<Granted>, action: Action | undefined): MiddlewareHandler<BaseEnv> {
  return async (c, next) => {
    if (isCounted(access)) countRequest(c);
    const identity = c.get('identity');
    if (action !== undefined && identity !== null && !(identity instanceof AppError)) requireRight(identity, action);
    // What the table does not name would be left to the owner.
    const granted = await access.grant(c.get('ctx'), c.get('identity'), { action: action ?? 'share', param: (name) => c.req.param(name) ?? '' });
    for (const [key, value] of Object.entries(granted)) c.set(key as keyof BaseVariables, value as never);
    await next();
  };
}

/** A body that is not JSON is passed on as it comes: its size is the executor's concern. */
function checksOfBody({ method, request, requestBody, 'x-max-body-bytes': largest = bodyLimitBytes }: Config): MiddlewareHandler<BaseEnv>[] {
  // Of one that nobody reads not much is let in either.
  if (request?.body === undefined) return method === 'get' || requestBody !== undefined ? [] : [limitBody(bodyLimitBytes)];
  const types = Object.keys(request.body.content);
  const expect = expectType(types, request.body.required === true);
  return types.includes('application/json') ? [expect, limitBody(largest)] : [expect];
}

/** The framework takes a body of another type for an empty one: the caller is told instead. */
function expectType(types: readonly string[], isRequired: boolean): MiddlewareHandler<BaseEnv> {
  return async (c, next) => {
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    const isLeftOut = !isRequired && type === undefined;
    if (!isLeftOut && !types.includes(type ?? '')) throw new AppError('unsupported_media_type', { detail: `Send \`Content-Type: ${types.join('` or `')}\`.` });
    if (type === 'application/json') tellJson(c.req);
    await next();
  };
}

/** The framework leaves a body unchecked whose type has parameters other than it knows them, such as `application/json;` or `application/json ; charset=utf-8` (RFC 9110, 8.3.1): they say nothing here. */
function tellJson(req: HonoRequest): void {
  if (req.header('content-type') === 'application/json') return;
  const headers = new Headers(req.raw.headers);
  headers.set('content-type', 'application/json');
  req.raw = new Request(req.raw, { headers });
}

/** Bytes of a JSON body, unless its route says otherwise. The largest legitimate ones are environments. */
const bodyLimitBytes = 1024 * 1024;

function limitBody(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: (c) => {
      // The rest of the body stays unread, so nothing more can be asked on this connection.
      c.header('Connection', 'close');
      throw new AppError('payload_too_large', { detail: `A JSON body may have ${maxSize} bytes here.` });
    },
  });
}
