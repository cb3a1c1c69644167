/** Swagger UI: administrators and members with the grant `swagger`, looked at whenever the page is opened. */
import type { Context as HonoContext } from 'hono';
import { AppError } from '../../shared/errors.ts';
import { countRequest } from '../request-limit.ts';
import type { BaseEnv } from '../route.ts';
import { hasRight, requireRight } from '../services/access.ts';
import type { Actor } from '../services/actor.ts';
import type { Action } from '../services/permissions.ts';
import { answerHtml, escapeText, renderPage } from './html.ts';
import { navigation } from './navigation.ts';
import { identifyVisitor } from './page-cookie.ts';

/** What the page offers, the first one first: an address of this host, to those who may open it. */
const documents: readonly { name: string; url: string; needs: Action | null }[] = [
  { name: 'Dockup API (OpenAPI 3.1)', url: '/api/v1/openapi.json', needs: null },
  { name: 'Dokploy-compatible API', url: '/api/settings.getOpenApiDocument', needs: 'compatible_api' },
];

export const swaggerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function openSwagger(c: HonoContext<BaseEnv>): Promise<Response> {
  c.header('Cache-Control', 'no-store');
  c.header('Vary', 'Accept, Authorization, Cookie');
  const identity = await identifyVisitor(c);
  c.set('identity', identity);
  countRequest(c);
  const isBrowser = (c.req.header('accept') ?? '').includes('text/html');
  try {
    if (identity === null) throw new AppError('unauthenticated', { detail: 'Log in at /login, or send `Authorization: Bearer`.' });
    if (identity instanceof AppError) throw identity;
    requireRight(identity, 'swagger');
    return answerHtml(c, renderSwagger(c.get('ctx').config.publicUrl, identity), { policy: swaggerPolicy });
  } catch (error) {
    if (!isBrowser || !(error instanceof AppError)) throw error;
    if (error.status === 401) return c.redirect(`/login?next=${c.req.path}`);
    if (error.status === 403) return answerHtml(c, refusal, { status: 403 });
    throw error;
  }
}

function renderSwagger(publicUrl: string, visitor: Actor): string {
  const offered = documents.filter(({ needs }) => needs === null || hasRight(visitor, needs));
  const options = offered.map(({ name, url }) => `<option value="${escapeText(url)}">${escapeText(name)}</option>`);
  return renderPage({
    title: 'Swagger UI · Dockup',
    styles: ['pages.css', 'swagger-ui.css', 'swagger.css'],
    scripts: ['swagger-ui-bundle.js', 'swagger.js'],
    content: `${navigation}
<p class="fields"><label for="document">Document</label> <select id="document">${options.join('')}</select></p>
<p id="message" role="status"></p>
<div id="swagger-ui" data-public-url="${escapeText(publicUrl)}"></div>
<noscript><p>Swagger UI needs scripts. The documents themselves do not: <a href="/api/v1/openapi.json">OpenAPI 3.1</a>.</p></noscript>`,
  });
}

const refusal = renderPage({
  title: 'Not allowed · Dockup',
  styles: ['pages.css'],
  content: `${navigation}
<h1>This page is not open to you</h1>
<p>You are logged in, but an administrator has to grant you the Swagger UI (<code>swagger</code>) first: ask an administrator.</p>
<p>Or <a href="/login?as=other&amp;next=/swagger">log in as somebody else</a>.</p>`,
});
