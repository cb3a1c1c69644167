import { randomBytes, toBase64 } from '../auth/bytes.ts';
import { countAdministrators } from '../store/users.ts';
import { createApiKey } from './api-keys.ts';
import type { Context } from './context.ts';
import { createUser } from './users.ts';

export interface Credentials {
  url: string;
  email: string;
  password: string;
  api_key: string;
}

/**
 * The first administrator and an API key, on a database that has none (SEC-08: no default password). Answers the credentials once;
 * undefined when there is an administrator already.
 */
export async function createFirstAdministrator(ctx: Context, wanted: { email: string; password: string | undefined }): Promise<Credentials | undefined> {
  if ((await countAdministrators(ctx.db)) > 0) return undefined;
  const password = wanted.password ?? toBase64(randomBytes(18)).replaceAll('+', '-').replaceAll('/', '_');
  const user = await createUser(ctx, { email: wanted.email, password, role: 'admin' });
  const { key } = await createApiKey(ctx, user, 'first start');
  return { url: ctx.config.publicUrl, email: user.email, password, api_key: key };
}
