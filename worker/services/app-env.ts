/** The environment of an app: values sealed as one text, replies carry only names and fingerprints (SEC-11). */
import type { AppRow } from '../store/schema.ts';
import type { Context } from './context.ts';

type EnvColumns = Pick<AppRow, 'sealedEnv' | 'envFingerprints'>;

export async function openEnv(ctx: Context, app: Pick<AppRow, 'id' | 'sealedEnv'>): Promise<Record<string, string>> {
  return app.sealedEnv === null ? {} : (JSON.parse(await ctx.vault.open(app.sealedEnv, purpose(app.id))) as Record<string, string>);
}

export async function sealEnv(ctx: Context, appId: string, env: Record<string, string>): Promise<EnvColumns> {
  const fingerprints = await Promise.all(Object.entries(env).map(async ([name, value]) => [name, await ctx.vault.fingerprint(value)] as const));
  return {
    sealedEnv: fingerprints.length === 0 ? null : await ctx.vault.seal(JSON.stringify(env), purpose(appId)),
    envFingerprints: Object.fromEntries(fingerprints),
  };
}

/** RFC 7396: a value sets, null removes, the rest stays. */
export function mergeEnv(env: Record<string, string>, changes: Record<string, string | null>): Record<string, string> {
  const merged = { ...env, ...changes };
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null));
}

function purpose(appId: string): string {
  return `app-env:${appId}`;
}
