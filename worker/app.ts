/** The HTTP application both hosts serve: what happens to a request, in order. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context as HonoContext } from 'hono';
import { cors } from 'hono/cors';
import { AppError } from '../shared/errors.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { createDokployDoor } from './dokploy/door.ts';
import { createDokploySockets } from './dokploy/sockets.ts';
import { refusalOf } from './hub/closing.ts';
import { readIdentity } from './identity.ts';
import type { ReadAsset } from './pages/assets.ts';
import { createPages } from './pages/pages.ts';
import { errorHeaders, fromZodError, problemType, toAppError, toProblem } from './problem.ts';
import { routes } from './registry.ts';
import { countRequest } from './request-limit.ts';
import type { BaseEnv } from './route.ts';
import type { Context } from './services/context.ts';
import { tellError } from './tell-error.ts';

type Api = OpenAPIHono<BaseEnv>;

/** What a browser asks before it asks. Any other OPTIONS is a request like others. */
const preflight = cors({ origin: '*', maxAge: 86_400 });

/**
 * @param contextOf what a request works with: the same each time on the embedded host, a new one at the edge
 * @param readAsset the files of the pages, from where the host keeps them
 */
export function createApp(contextOf: (c: HonoContext<BaseEnv>) => Context, readAsset: ReadAsset): Api {
  const api: Api = new OpenAPIHono<BaseEnv>({
    defaultHook: (result) => {
      if (!result.success) throw fromZodError(result.error, result.target);
    },
  });

  api.use(async (c, next) => {
    const requestId = crypto.randomUUID().replaceAll('-', '').slice(0, 16);
    c.set('requestId', requestId);
    c.set('ctx', { ...contextOf(c), requestId });
    c.set('incoming', c.req.raw);
    // Set before the reply is made: changing a finished Response costs Node more than all the rest of a small request.
    c.header('X-Request-Id', requestId);
    c.header('X-Content-Type-Options', 'nosniff');
    await next();
  });
  api.use('/api/*', async (c, next) => {
    // Safe for any origin: identity comes from a header that a page must hold, never from a cookie.
    c.header('Access-Control-Allow-Origin', '*');
    c.header('Access-Control-Expose-Headers', 'ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires');
    c.set('identity', await readIdentity(c));
    await next();
  });
  api.options('/api/*', (c, next) => (c.req.header('access-control-request-method') === undefined ? next() : preflight(c, next)));

  for (const route of routes) route.mount(api);
  api.route('/', createDokployDoor());
  api.route('/', createDokploySockets());
  api.route('/', createDiscovery(api, routes));
  api.route('/', createPages(readAsset));

  api.notFound((c) => {
    if (c.req.path.startsWith('/api/')) countRequest(c);
    const allowed = routes.filter((route) => matches(route.path, c.req.path)).map((route) => route.method.toUpperCase());
    if (allowed.length === 0) return answer(c, new AppError('route_not_found', { detail: 'GET /api/v1/openapi.json lists the routes.' }));
    c.header('Allow', [...new Set(allowed)].join(', '));
    return answer(c, new AppError('method_not_allowed'));
  });
  api.onError(async (error, c) => {
    const known = toAppError(error);
    tellError(c, known);
    return (c.get('socket') === 'wanted' ? await refuse(c, known) : null) ?? answer(c, known);
  });
  return api;
}

/** A client cannot read the reply to an upgrade that is refused: it gets a socket that closes and says why. */
function refuse(c: HonoContext<BaseEnv>, error: AppError): Promise<Response | null> {
  const { code, reason } = refusalOf(error.code, error.message);
  return c.get('ctx').sockets.refuse(c.req.raw, code, reason);
}

/** The public half of an error. */
function answer(c: HonoContext<BaseEnv>, error: AppError): Response {
  const ctx = c.get('ctx');
  const requestId = c.get('requestId');
  // The table of error codes holds only statuses that carry a body.
  return c.body(JSON.stringify(toProblem(error, { publicUrl: ctx.config.publicUrl, requestId })), error.status as 400, { ...errorHeaders(error), 'Content-Type': problemType });
}

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(path);
}
