/** How agents and people find out what this host is: the spec under its three addresses, llms.txt, the well-known documents, a landing page. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { answerHtml } from '../pages/html.ts';
import type { BaseEnv, DefinedRoute } from '../route.ts';
import { findIngress } from '../services/system.ts';
import { renderLlms, toAppUrlTemplate } from './llms.ts';
import { renderErrors, renderLanding, stylesheet } from './pages.ts';
import { buildSpec, type SpecDocument } from './spec.ts';

export const specPaths = ['/api/v1/openapi.json', '/.well-known/openapi.json', '/swagger.json'];

/** ms: less than a year, as the standard recommends. */
const securityTextLife = 180 * 24 * 3600 * 1000;

export function createDiscovery(api: OpenAPIHono<BaseEnv>, routes: readonly DefinedRoute[]): Hono<BaseEnv> {
  const discovery = new Hono<BaseEnv>();
  let spec: Promise<SpecDocument> | undefined;

  for (const path of [...specPaths, '/llms.txt', '/.well-known/*']) discovery.use(path, cors({ origin: '*', exposeHeaders: ['ETag'] }));

  discovery.on('GET', specPaths, async (c) => {
    spec ??= buildSpec(api, routes, c.get('ctx').config.publicUrl);
    const { text, etag } = await spec;
    c.header('ETag', etag);
    c.header('Cache-Control', 'public, max-age=300');
    if (c.req.header('if-none-match')?.includes(etag)) return c.body(null, 304);
    return c.body(text, 200, { 'Content-Type': 'application/json' });
  });

  discovery.get('/llms.txt', async (c) => {
    const { publicUrl, baseDomain } = c.get('ctx').config;
    const appUrl = toAppUrlTemplate(baseDomain, await findIngress(c.get('ctx')));
    return c.text(renderLlms({ publicUrl, appUrl }, routes), 200, { 'Content-Type': 'text/plain; charset=utf-8' });
  });

  discovery.get('/.well-known/ai-plugin.json', (c) => {
    const { publicUrl } = c.get('ctx').config;
    return c.json({
      schema_version: 'v1',
      name_for_human: 'Dockup',
      name_for_model: 'dockup',
      description_for_human: 'Deploy containers on your own machines.',
      description_for_model: 'Create projects and apps, deploy container images, read status, logs and events of a self-hosted container platform. Read llms.txt first.',
      auth: { type: 'user_http', authorization_type: 'bearer' },
      api: { type: 'openapi', url: `${publicUrl}/.well-known/openapi.json` },
      logo_url: `${publicUrl}/logo.svg`,
      contact_email: `admin@${new URL(publicUrl).hostname}`,
      legal_info_url: `${publicUrl}/`,
    });
  });

  // RFC 9116.
  discovery.get('/.well-known/security.txt', (c) => {
    const { config, clock } = c.get('ctx');
    const expires = new Date(clock() + securityTextLife).toISOString();
    return c.text(`Contact: ${config.securityContact}\nExpires: ${expires}\nPreferred-Languages: en\nCanonical: ${config.publicUrl}/.well-known/security.txt\n`);
  });

  // RFC 9727: a link set (RFC 9264) that leads to the description, the guide and the status of the API.
  discovery.get('/.well-known/api-catalog', (c) => {
    const { publicUrl } = c.get('ctx').config;
    const linkset = {
      anchor: `${publicUrl}/api/v1`,
      'service-desc': [{ href: `${publicUrl}/api/v1/openapi.json`, type: 'application/json' }],
      'service-doc': [{ href: `${publicUrl}/llms.txt`, type: 'text/plain' }],
      status: [{ href: `${publicUrl}/api/v1/system/status`, type: 'application/json' }],
    };
    return c.body(JSON.stringify({ linkset: [linkset] }), 200, { 'Content-Type': 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"' });
  });

  discovery.get('/', (c) => answerHtml(c, renderLanding(c.get('ctx').config.publicUrl)));
  discovery.get('/errors', (c) => answerHtml(c, renderErrors()));
  discovery.get('/page.css', (c) => c.body(stylesheet, 200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=3600' }));
  discovery.get('/logo.svg', (c) => c.body(logo, 200, { 'Content-Type': 'image/svg+xml', 'Cache-Control': 'public, max-age=86400' }));
  return discovery;
}

const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="12" fill="#12314a"/><path d="M14 40h36M20 32h10v8H20zm14 0h10v8H34zm-7-10h10v8H27z" fill="none" stroke="#fff" stroke-width="3"/></svg>';
