import type { CreateApiKey } from '../../shared/api/auth.ts';
import type { PageQuery } from '../../shared/api/common.ts';
import { AppError } from '../../shared/errors.ts';
import { randomBytes, sha256, toHex } from '../auth/bytes.ts';
import { deleteApiKey, findApiKey, insertApiKey, listApiKeys } from '../store/api-keys.ts';
import type { ApiKeyRow, UserRow } from '../store/schema.ts';
import type { Actor } from './actor.ts';
import { apiKeyPrefix } from './auth.ts';
import type { Context } from './context.ts';
import { invalidValue } from './invalid-value.ts';
import { readPage, type Page } from './pages.ts';
import { endLostStreams } from './stream-holders.ts';

export function newApiKey(): string {
  return apiKeyPrefix + toHex(randomBytes(24));
}

interface Wanted extends CreateApiKey {
  /** Of a key that was given out before it was made. */
  key?: string;
}

/** A new key for the user. The text is answered here and, where showing again is on, kept sealed (SEC-12). @throws AppError invalid_value */
export async function createApiKey(ctx: Context, user: UserRow, { name, scopes, projects, apps, expires_at: expiry, key = newApiKey() }: Wanted): Promise<{ row: ApiKeyRow; key: string }> {
  const id = ctx.newId('key');
  const expiresAt = expiry === null ? null : Date.parse(expiry);
  if (expiresAt !== null && expiresAt <= ctx.clock()) throw invalidValue('/expires_at', 'It is over already.');
  const row: ApiKeyRow = {
    id,
    userId: user.id,
    name,
    prefix: key.slice(0, 10),
    hash: sha256(key),
    sealed: ctx.config.isKeyRevealOn ? await ctx.vault.seal(key, purpose(id)) : null,
    scopes,
    reach: projects === null && apps === null ? null : { projects: projects ?? [], apps: apps ?? [] },
    expiresAt,
    lastUsedAt: null,
    createdAt: ctx.clock(),
  };
  await insertApiKey(ctx.db, row);
  return { row, key };
}

export function readApiKeys(ctx: Context, actor: Actor, query: PageQuery): Promise<Page<ApiKeyRow>> {
  return readPage('key', query, (after = '', limit) => listApiKeys(ctx.db, actor.user.id, { after, limit }));
}

/** Only to the owner, on a login session (`reveal_key`). The route writes that it was shown before it answers. */
export async function revealApiKey(ctx: Context, actor: Actor, id: string): Promise<string> {
  const row = await findApiKey(ctx.db, actor.user.id, id);
  if (row === undefined) throw new AppError('api_key_not_found');
  if (!ctx.config.isKeyRevealOn || row.sealed === null) throw new AppError('reveal_disabled');
  return ctx.vault.open(row.sealed, purpose(id));
}

export async function removeApiKey(ctx: Context, actor: Actor, id: string): Promise<void> {
  if (!(await deleteApiKey(ctx.db, actor.user.id, id))) throw new AppError('api_key_not_found');
  endLostStreams(ctx, actor.user.id);
}

function purpose(id: string): string {
  return `api-key:${id}`;
}
