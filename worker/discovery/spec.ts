import type { OpenAPIHono } from '@hono/zod-openapi';
import { errorEntry, type ErrorCode } from '../../shared/errors.ts';
import { toHex } from '../auth/bytes.ts';
import type { BaseEnv, DefinedRoute } from '../route.ts';
import { sharedHeaders } from '../route-replies.ts';
import { version } from '../services/system.ts';

const tags = [
  { name: 'System', description: 'What this host is.' },
  { name: 'Auth', description: 'Log in, and who you are.' },
  { name: 'API keys', description: 'Long-lived tokens for agents and CI.' },
  { name: 'Users', description: 'People who can log in.' },
  { name: 'Teams', description: 'Users who share what is shared with one of them.' },
  { name: 'Audit log', description: 'What was done to rights, people, secrets and servers, by whom: append-only, and hash-chained.' },
  { name: 'Projects', description: 'Groups of apps that share a private network.' },
  { name: 'Environments', description: 'Parts of a project, such as production and staging.' },
  { name: 'Tags', description: 'Marks that projects are given, the same for everybody.' },
  { name: 'Sharing', description: 'Who reaches a project, or one app, besides its owner.' },
  { name: 'Apps', description: 'What runs: an image, its settings and its container.' },
  { name: 'Deployments', description: 'Bringing a version of an app into service.' },
  { name: 'Volumes', description: 'Data of an app that outlives its containers.' },
  { name: 'Logs and events', description: 'What an app says, and what happened to it.' },
  { name: 'Registries', description: 'Private registries that images are pulled from: not available yet.' },
  { name: 'Git', description: 'Repositories that apps are built from: not available yet.' },
  { name: 'Servers', description: 'Machines with a Docker engine, and their executors.' },
  { name: 'Executors', description: 'The doors an executor uses itself.' },
];

/** The OpenAPI 3.1 document as bytes, with the ETag that all its addresses share. */
export interface SpecDocument {
  text: string;
  etag: string;
}

export async function buildSpec(api: OpenAPIHono<BaseEnv>, routes: readonly DefinedRoute[], publicUrl: string): Promise<SpecDocument> {
  const scheme = (description: string) => ({ type: 'http', scheme: 'bearer', description }) as const;
  api.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', scheme('API key, starts with `dkp_`. Preferred for agents and CI.'));
  api.openAPIRegistry.registerComponent('securitySchemes', 'session', { ...scheme('JWT of `POST /api/v1/auth/login`.'), bearerFormat: 'JWT' });
  api.openAPIRegistry.registerComponent('securitySchemes', 'executorToken', { ...scheme('Short-lived JWT that an executor signs with its own key.'), bearerFormat: 'JWT' });
  for (const [name, header] of Object.entries(sharedHeaders)) api.openAPIRegistry.registerComponent('headers', name, header);
  for (const code of new Set(routes.flatMap((route) => route.errors))) api.openAPIRegistry.registerComponent('examples', code, { value: exampleProblem(code) });
  const document = api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Dockup API',
      version,
      description: 'Deploy containers on your own machines. Errors are `application/problem+json` (RFC 9457) with a `code`. Lists are pages: pass `next_cursor` on as `cursor`. Every `{appId}` takes the slug as well as the id.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: publicUrl, description: 'This host' }],
    tags,
  });
  const text = JSON.stringify(document);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return { text, etag: `"${toHex(new Uint8Array(digest)).slice(0, 32)}"` };
}

function exampleProblem(code: ErrorCode): object {
  const { title, status } = errorEntry(code);
  return { type: `/errors#${code}`, title, status, code, detail: `${title}.`, request_id: '0b7a3c1e9d2f4a68' };
}
