/** The pages for people: log in, accept an invitation, settings, Swagger UI. They do what they do through the public API, as their visitor; all that is theirs is the cookie that opens a page. */
import { Hono, type Context as HonoContext } from 'hono';
import { AppError } from '../../shared/errors.ts';
import { readIdentity } from '../identity.ts';
import { countRequest } from '../request-limit.ts';
import type { BaseEnv } from '../route.ts';
import { serveAsset, type ReadAsset } from './assets.ts';
import { answerHtml, scriptedPolicy } from './html.ts';
import { renderInvitation } from './invitation.ts';
import { renderLogin } from './login.ts';
import { forgetVisitor, guardedPaths, keepVisitor } from './page-cookie.ts';
import { renderSettings } from './settings.ts';
import { openSwagger } from './swagger.ts';

export function createPages(readAsset: ReadAsset): Hono<BaseEnv> {
  const pages = new Hono<BaseEnv>();
  pages.get('/login', (c) => answerHtml(c, renderLogin(), { policy: scriptedPolicy }));
  pages.get('/invitation', (c) => answerHtml(c, renderInvitation(), { policy: scriptedPolicy }));
  pages.get('/settings', (c) => answerHtml(c, renderSettings(), { policy: scriptedPolicy }));
  for (const path of guardedPaths) pages.get(path, openSwagger);
  pages.get('/assets/:name', serveAsset(readAsset));

  pages.post('/session', async (c) => {
    requireOwnOrigin(c);
    const identity = await readIdentity(c);
    c.set('identity', identity);
    countRequest(c);
    await keepVisitor(c, identity);
    return c.body(null, 204);
  });
  pages.delete('/session', (c) => {
    requireOwnOrigin(c);
    forgetVisitor(c);
    return c.body(null, 204);
  });
  return pages;
}

/** A browser says where the page is that asks (SEC-02); anybody else has no cookies to lose. @throws AppError forbidden */
function requireOwnOrigin(c: HonoContext<BaseEnv>): void {
  const origin = c.req.header('origin');
  if (origin === undefined) return;
  const own = [c.req.url, c.get('ctx').config.publicUrl].map((url) => new URL(url).host);
  if (!URL.canParse(origin) || !own.includes(new URL(origin).host)) throw new AppError('forbidden', { detail: 'Only pages of this host may ask for this.' });
}
