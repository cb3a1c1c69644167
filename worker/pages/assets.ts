/** The public files of the pages. They are in `assets/`, where those of Swagger UI are links to its npm package; each host brings its own way to read them. */
import type { Handler } from 'hono';
import { AppError } from '../../shared/errors.ts';
import type { BaseEnv } from '../route.ts';

/** A file by its name, with an `ETag` where the host knows one. Only names of this list are asked for. */
export type ReadAsset = (name: string) => Promise<Response>;

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

const types: Readonly<Record<string, string>> = {
  'pages.css': style,
  'swagger.css': style,
  'session.js': script,
  'elements.js': script,
  'copy.js': script,
  'login.js': script,
  'settings.js': script,
  'keys.js': script,
  'users.js': script,
  'invitation.js': script,
  'invitations.js': script,
  'second-factor.js': script,
  'sessions.js': script,
  'times.js': script,
  'swagger.js': script,
  'swagger-ui.css': style,
  'swagger-ui-bundle.js': script,
  // What the bundle's first line leads to.
  'swagger-ui-bundle.js.LICENSE.txt': 'text/plain; charset=utf-8',
};

export const assetNames: readonly string[] = Object.keys(types);

export function serveAsset(readAsset: ReadAsset): Handler<BaseEnv, '/assets/:name'> {
  return async (c) => {
    const name = c.req.param('name');
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined) throw new AppError('route_not_found', { detail: 'There is no such file.' });
    const file = await readAsset(name);
    if (!file.ok || file.body === null) throw new AppError('internal_error', { cause: new Error(`read a file of the pages: ${name} answers ${file.status}`) });
    const etag = file.headers.get('etag');
    // Not longer: after an upgrade the scripts of the release before speak to an API of this one.
    c.header('Cache-Control', 'public, max-age=300');
    if (etag !== null) c.header('ETag', etag);
    if (etag !== null && c.req.header('if-none-match')?.includes(etag) === true) {
      await file.body.cancel();
      return c.body(null, 304);
    }
    return c.body(file.body, 200, { 'Content-Type': type });
  };
}
