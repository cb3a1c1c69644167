import { randomBytes, toBase64 } from '../auth/bytes.ts';
import { countAdministrators } from '../store/users.ts';
import { createApiKey, newApiKey } from './api-keys.ts';
import { appendAudit } from './audit.ts';
import type { Context } from './context.ts';
import { createUser } from './users.ts';

export interface Credentials {
  url: string;
  email: string;
  password: string;
  api_key: string;
}

/**
 * The owner, who is the first administrator, and an API key, on a database that has none (SEC-08: no default password). Answers the credentials once;
 * undefined when there is an administrator already. They are kept by `keep` before anything is written: a password that only the
 * database knows is lost for ever.
 */
export async function createFirstAdministrator(
  ctx: Context,
  wanted: { email: string; password: string | undefined },
  keep: (credentials: Credentials) => Promise<void>,
): Promise<Credentials | undefined> {
  if ((await countAdministrators(ctx.db)) > 0) return undefined;
  const password = wanted.password ?? toBase64(randomBytes(18)).replaceAll('+', '-').replaceAll('/', '_');
  const credentials: Credentials = { url: ctx.config.publicUrl, email: wanted.email.toLowerCase(), password, api_key: newApiKey() };
  await keep(credentials);
  const user = await createUser(ctx, { email: credentials.email, password, role: 'owner', grants: [] });
  await createApiKey(ctx, user, { name: 'first start', scopes: null, projects: null, apps: null, expires_at: null, key: credentials.api_key });
  await appendAudit(ctx, [{ actor: 'system', via: 'system', action: 'instance.create', target: user.id }]);
  return credentials;
}
