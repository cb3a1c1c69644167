/**
 * What is asked with an `Idempotency-Key` is done once, however often it is sent: a row is the claim on it, then its reply. A claim is a lease that whoever works on it keeps
 * putting off, so a process that ends blocks its keys for seconds and not for ever (docs/decisions/idempotency.md).
 */
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { newId, type IdKind } from '../../shared/names.ts';
import { randomBytes, sha256, toBytes, toHex } from '../auth/bytes.ts';
import { describeError } from '../log.ts';
import { dropKey, extendLease, findKey, insertKey, pruneKeys, takeKey, writeReply } from '../store/idempotency-keys.ts';
import type { IdempotencyKeyRow } from '../store/schema.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import { persistently } from './persistently.ts';

/** ms that a reply is kept, from the first attempt on. */
const life = 24 * 3600 * 1000;
/** ms after which work that is not heard of counts as given up. */
const lease = 30_000;
/** ms: two of them may be missed. */
const renewal = 10_000;
/** Characters of a body that is kept. */
const longestBody = 256 * 1024;

export interface KeptReply {
  status: number;
  headers: Record<string, string>;
  /** Null where it was too long to be kept. */
  body: string | null;
}

export interface Claim {
  /** The same id in every attempt: an attempt that is made again finds what the one before has begun. */
  fixedId(kind: IdKind): string;
  /** From now on this is the reply. Never rejects: the work is done, whether or not that can be noted. */
  settle(reply: KeptReply | Promise<KeptReply>): Promise<void>;
  /** Nothing has been done: the key is free again. Never rejects. */
  release(): Promise<void>;
}

interface Asked {
  key: string;
  /** The same for the same request only. */
  fingerprint: string;
}

/** @throws AppError idempotency_key_reused, idempotency_key_in_use */
export async function claimKey(ctx: Context, { user }: Actor, { key, fingerprint }: Asked): Promise<{ claim: Claim } | { reply: KeptReply }> {
  const now = ctx.clock();
  const mine: IdempotencyKeyRow = { userId: user.id, keyHash: sha256(key), fingerprint, attempt: toHex(randomBytes(8)), leaseUntil: now + lease, reply: null, createdAt: now };
  if (await insertKey(ctx.db, mine)) return { claim: hold(ctx, mine) };

  const known = await findKey(ctx.db, mine);
  // Let go of in this very moment.
  if (known === undefined) throw inUse();
  const isLeased = known.leaseUntil > now;
  const isForgotten = !isLeased && known.createdAt <= now - life;
  if (!isForgotten) {
    if (known.fingerprint !== fingerprint) throw new AppError('idempotency_key_reused', { detail: 'It was sent before with another address, query or body. A new request needs a new key.' });
    if (known.reply !== null) return { reply: await openReply(ctx, known, known.reply) };
    if (isLeased) throw inUse();
  }
  const next = isForgotten ? mine : { ...mine, createdAt: known.createdAt };
  if (!(await takeKey(ctx.db, known, next))) throw inUse();
  return { claim: hold(ctx, next) };
}

function inUse(): AppError {
  return new AppError('idempotency_key_in_use', { detail: 'The request that was sent with it has not been answered yet. Ask again with the same key for its reply.', retryAfter: 2 });
}

function hold(ctx: Context, row: IdempotencyKeyRow): Claim {
  const attempt = async (what: string, work: Promise<void>) => work.catch((error: unknown) => ctx.log.error(what, { cause: describeError(error) }));
  const timer = setInterval(() => void attempt('extend lease of idempotency key', extendLease(ctx.db, row, ctx.clock() + lease)), renewal);
  const keep = async (reply: KeptReply | Promise<KeptReply>) => {
    const sealed = await ctx.vault.seal(JSON.stringify(shorten(await reply)), purpose(row));
    // What has been done and cannot be noted would be done again; the lease is still held.
    await persistently(() => writeReply(ctx.db, row, sealed));
  };
  return {
    fixedId: (kind) => newId(kind, row.createdAt, toBytes(sha256(JSON.stringify([kind, row.userId, row.keyHash, row.createdAt])))),
    settle: (reply) => attempt('keep reply of idempotency key', keep(reply)).finally(() => clearInterval(timer)),
    release: () => {
      clearInterval(timer);
      return attempt('release idempotency key', dropKey(ctx.db, row));
    },
  };
}

function shorten(reply: KeptReply): KeptReply {
  return (reply.body?.length ?? 0) > longestBody ? { ...reply, body: null } : reply;
}

async function openReply(ctx: Context, row: IdempotencyKeyRow, sealed: string): Promise<KeptReply> {
  // Written by `settle` above.
  return JSON.parse(await ctx.vault.open(sealed, purpose(row))) as KeptReply;
}

function purpose({ userId, keyHash }: IdempotencyKeyRow): string {
  return `idempotency-key:${userId}:${keyHash}`;
}

/** Failures on our side that come before anything is done. */
const doneNothing: readonly ErrorCode[] = ['executor_offline', 'unsupported_command', 'git_deploy_unavailable', 'insufficient_storage', 'too_many_streams'];

/** Whether something may have been done in spite of the error. A refusal (4xx) changes nothing, unless it tells how a deployment ended that was made. */
export function mayHaveActed({ status, code, extra }: AppError): boolean {
  return extra['deployment'] !== undefined || (status >= 500 && !doneNothing.includes(code));
}

export async function forgetKeys(ctx: Context): Promise<void> {
  const now = ctx.clock();
  await pruneKeys(ctx.db, { madeBefore: now - life, now });
}
