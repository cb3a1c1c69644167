/**
 * The audit log. Each row holds SHA-256 over its content and the hash of the row before, so that nobody changes one, takes one out or puts one in without all after it telling. Two who write at
 * the same moment meet at the sequence number: one is refused by the database, and writes after the other (docs/decisions/audit-log.md).
 */
import type { AuditQuery } from '../../shared/api/audit-log.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256 } from '../auth/bytes.ts';
import type { AuditRow } from '../store/audit-schema.ts';
import { findAuditHead, insertAuditRows, listAuditActions, listAuditRows, listEarlierEntries, readAuditRows, searchAuditRows, type AuditSearch as Search, type NamedAuditRow } from '../store/audit.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import type { Page } from './pages.ts';

export type AuditFacts = Pick<AuditRow, 'actor' | 'via' | 'action' | 'target'> & Partial<Pick<AuditRow, 'credential' | 'outcome' | 'detail'>>;

export function byActor({ user, via, tokenId }: Actor): Pick<AuditFacts, 'actor' | 'via' | 'credential'> {
  return { actor: user.id, via, credential: tokenId };
}

/** What is before the first row. */
const beginning = { seq: 0, hash: '0'.repeat(64) };

/** Of as many writers as there may be at once one succeeds in every round. */
const mostAttempts = 100;

/** All of them or none, after whatever is the last row by then, with the request that they are done for. */
export async function appendAudit(ctx: Context, facts: AuditFacts[]): Promise<void> {
  const now = ctx.clock();
  await append(ctx, facts.map((fact) => ({ id: ctx.newId('audit'), createdAt: now, credential: null, outcome: 'done', detail: {}, requestId: ctx.requestId, ...fact })));
}

type Content = Omit<AuditRow, 'seq' | 'previousHash' | 'hash'>;

async function append(ctx: Context, contents: Content[]): Promise<void> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const rows = chain((await findAuditHead(ctx.db)) ?? beginning, contents);
    if (await insertAuditRows(ctx.db, rows)) return;
    // Not all of them again at the same moment.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(attempt * 5, 100)));
  }
  throw new Error(`append to the audit log: others were first ${mostAttempts} times`);
}

function chain(head: Pick<AuditRow, 'seq' | 'hash'>, contents: Content[]): AuditRow[] {
  let { seq, hash } = head;
  return contents.map((content) => {
    const row = { ...content, seq: ++seq, previousHash: hash };
    hash = hashOf(row);
    return { ...row, hash };
  });
}

/** Written down in docs/operating.md, so that an export can be checked without us. */
function hashOf(row: Omit<AuditRow, 'hash'>): string {
  const { previousHash, seq, id, createdAt, actor, via, credential, action, target, outcome, detail, requestId } = row;
  return sha256(JSON.stringify([previousHash, seq, id, new Date(createdAt).toISOString(), actor, via, credential, action, target, outcome, detail, requestId]));
}

/** What releases before this one have written becomes part of the chain, with the id and the time that it had. */
export async function chainEarlierEntries(ctx: Context): Promise<void> {
  const earlier = await listEarlierEntries(ctx.db);
  if (earlier.length > 0) await append(ctx, earlier.map((entry) => ({ ...entry, via: 'system', credential: null, outcome: 'done', detail: {}, requestId: null })));
}

/** Newest first. @throws AppError invalid_cursor */
export async function readAuditLog(ctx: Context, { limit, cursor, actor, action, from, to }: AuditQuery): Promise<Page<AuditRow>> {
  if (cursor !== undefined && !/^[1-9]\d{0,14}$/.test(cursor)) {
    throw new AppError('invalid_cursor', { errors: [{ pointer: '?cursor', code: 'invalid_cursor', detail: 'Take next_cursor of the page before.' }] });
  }
  const time = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const rows = await listAuditRows(ctx.db, { actor, action, from: time(from), to: time(to), before: cursor === undefined ? undefined : Number(cursor) }, limit + 1);
  const data = rows.slice(0, limit);
  return { data, next_cursor: rows.length > limit ? String(data.at(-1)?.seq) : null };
}

export interface AuditSearch extends Omit<Search, 'actions'> {
  /** Undefined: any. */
  isWanted: ((action: string) => boolean) | undefined;
}

/** Newest first, by place, with whom each is about, and how many there are in all: for those who page by numbers. */
export async function searchAuditLog({ db }: Context, { isWanted, ...search }: AuditSearch): Promise<{ rows: NamedAuditRow[]; total: number }> {
  const actions = isWanted === undefined ? undefined : (await listAuditActions(db)).filter(isWanted);
  return searchAuditRows(db, { ...search, actions });
}

/** Rows in memory at a time. */
const pageOfRows = 500;

/** Oldest first. */
export async function* eachAuditPage(ctx: Context): AsyncGenerator<AuditRow[]> {
  let after = 0;
  for (;;) {
    const rows = await readAuditRows(ctx.db, after, pageOfRows);
    if (rows.length > 0) yield rows;
    if (rows.length < pageOfRows) return;
    after = rows.at(-1)?.seq ?? after;
  }
}

export interface Verdict {
  /** Of the chain up to the first row that does not fit. */
  rows: number;
  /** Its sequence number; null where all fit. */
  brokenAt: number | null;
  head: string;
}

/** What was cut off at the end cannot be seen from here: compare `head` and `rows` with what was noted before. */
export async function verifyAuditLog(ctx: Context): Promise<Verdict> {
  let last: Pick<AuditRow, 'seq' | 'hash'> = beginning;
  for await (const page of eachAuditPage(ctx)) {
    for (const row of page) {
      const fits = row.seq === last.seq + 1 && row.previousHash === last.hash && row.hash === hashOf(row);
      if (!fits) return { rows: last.seq, brokenAt: last.seq + 1, head: last.hash };
      last = row;
    }
  }
  return { rows: last.seq, brokenAt: null, head: last.hash };
}
