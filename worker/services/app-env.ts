/** The environment of an app: values sealed as one text, replies carry only names and fingerprints (SEC-11). */
import { AppError } from '../../shared/errors.ts';
import type { AppRow } from '../store/schema.ts';
import type { Context } from './context.ts';

type EnvColumns = Pick<AppRow, 'sealedEnv' | 'envFingerprints'>;

export async function openEnv(ctx: Context, app: Pick<AppRow, 'id' | 'sealedEnv'>): Promise<Record<string, string>> {
  return app.sealedEnv === null ? {} : (JSON.parse(await ctx.vault.open(app.sealedEnv, purpose(app.id))) as Record<string, string>);
}

/** Characters of all names and values together: an environment crosses the link in one message, and every deployment carries it. */
const longestEnv = 512 * 1024;

/** @throws AppError too_long */
export async function sealEnv(ctx: Context, appId: string, env: Record<string, string>): Promise<EnvColumns> {
  checkLength(env);
  const fingerprints = await Promise.all(Object.entries(env).map(async ([name, value]) => [name, await ctx.vault.fingerprint(value)] as const));
  return {
    sealedEnv: fingerprints.length === 0 ? null : await ctx.vault.seal(JSON.stringify(env), purpose(appId)),
    envFingerprints: Object.fromEntries(fingerprints),
  };
}

function checkLength(env: Record<string, string>): void {
  if (JSON.stringify(env).length <= longestEnv) return;
  const detail = `All names and values together may have ${longestEnv} characters.`;
  throw new AppError('too_long', { detail, errors: [{ pointer: '/env', code: 'too_long', detail }] });
}

/** RFC 7396: a value sets, null removes, the rest stays. */
export function mergeEnv(env: Record<string, string>, changes: Record<string, string | null>): Record<string, string> {
  const merged = { ...env, ...changes };
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null));
}

function purpose(appId: string): string {
  return `app-env:${appId}`;
}
