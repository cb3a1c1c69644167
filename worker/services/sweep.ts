import type { ErrorCode } from '../../shared/errors.ts';
import { smallestId } from '../../shared/names.ts';
import { hasKeyExpired } from '../store/api-keys.ts';
import { findDeployment, givenUpCode, listExpired, listUnacknowledged, listUnended, listWaiting } from '../store/deployments.ts';
import { pruneEvents } from '../store/events.ts';
import { pruneLoginAttempts } from '../store/login-attempts.ts';
import { pruneSessions } from '../store/sessions.ts';
import { listDueRemovals } from '../store/removals.ts';
import type { DeploymentRow } from '../store/schema.ts';
import { describeError } from '../log.ts';
import type { Context } from './context.ts';
import { endDeployment, handOver, startNextDeployment } from './deployments.ts';
import { forgetKeys } from './idempotency-keys.ts';
import { forgetInvitations } from './invitations.ts';
import { noticeLost } from './presence.ts';
import { retryRemovals } from './removals.ts';
import { lookAtRights } from './stream-holders.ts';

/** An executor may take: 15 min to pull, 60 min of grace, 60 min to drain, and the time to come back from an outage. */
const longestDeployment = 3 * 3600 * 1000;

/** An executor that was told of a deployment says so within seconds. */
const longestSilence = 60 * 1000;

const minute = 60 * 1000;
const eventLife = 30 * 24 * 60 * minute;
const eventsPerApp = 1_000;

/** Nothing stays open for ever (REL-08): run every minute, by the embedded host's timer or the edge's cron trigger. */
export async function sweep(ctx: Context): Promise<void> {
  const steps = { noticeLost, endExpired, endUnended, deliverAgain, startWaiting, retryDueRemovals, noteLastUse, forgetKeys, forgetLogins, forgetInvitations, forgetSessions, forgetEvents };
  // What one of them meets, such as the hub of one server that cannot be asked, keeps nobody else waiting.
  for (const [name, step] of Object.entries(steps)) await step(ctx).catch((error: unknown) => ctx.log.error('sweep', { step: name, cause: describeError(error) }));
}

async function retryDueRemovals(ctx: Context): Promise<void> {
  await retryRemovals(ctx, await listDueRemovals(ctx.db));
}

function noteLastUse({ db, lastUse }: Context): Promise<void> {
  return lastUse.write(db);
}

function forgetLogins({ db, clock }: Context): Promise<void> {
  return pruneLoginAttempts(db, clock());
}

/** Of a key that has expired the last two sweeps tell: one of them may have come late. */
async function forgetSessions(ctx: Context): Promise<void> {
  const now = ctx.clock();
  const [hasSessionEnded, hasKeyEnded] = [await pruneSessions(ctx.db, now), await hasKeyExpired(ctx.db, { after: now - 2 * minute, now })];
  if (hasSessionEnded || hasKeyEnded) await lookAtRights(ctx, null);
}

async function endExpired(ctx: Context): Promise<void> {
  for (const deployment of await listExpired(ctx.db, ctx.clock())) await giveUp(ctx, deployment, 'deadline_exceeded', 'It waited 24 hours for its host.');
}

async function endUnended(ctx: Context): Promise<void> {
  const unended = await listUnended(ctx.db, ctx.clock() - longestDeployment);
  for (const deployment of unended) await giveUp(ctx, deployment, givenUpCode, 'The executor has not told for three hours how it ended. When it does, this changes.');
}

async function giveUp(ctx: Context, deployment: DeploymentRow, code: ErrorCode, message: string): Promise<void> {
  await endDeployment(ctx, deployment, { status: 'failed', failure: { code, message, phase: deployment.phase, exit_code: null, oom_killed: false, last_probe: null, logs: [] } });
}

/** What was claimed and not handed over (the process ended in between, the executor was lost on a live socket) blocks the queue of its app. */
async function deliverAgain(ctx: Context): Promise<void> {
  const silent = await listUnacknowledged(ctx.db, ctx.clock() - longestSilence);
  await settleAll(ctx,
    silent.map(async ({ id, serverId }) => {
      if (!(await ctx.executors.presence(serverId)).isConnected) return;
      const current = await findDeployment(ctx.db, id);
      if (current?.status === 'running') await handOver(ctx, current);
    }),
  );
}

/** What was put into the queue by a process that ended before it could start it. Of what waits for its turn, or for its host, nothing is started. */
async function startWaiting(ctx: Context): Promise<void> {
  const waiting = await listWaiting(ctx.db, ctx.clock() - longestSilence);
  await settleAll(ctx, waiting.map(({ appId, serverId }) => startNextDeployment(ctx, appId, serverId)));
}

async function settleAll({ log }: Context, work: Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') log.error('sweep', { cause: describeError(result.reason) });
}

/** Events of the last 30 days are kept, and of each app the newest thousand. Once an hour: looking for them reads all there are. */
async function forgetEvents(ctx: Context): Promise<void> {
  const now = ctx.clock();
  if (Math.floor(now / minute) % 60 === 0) await pruneEvents(ctx.db, { oldest: smallestId('event', now - eventLife), perApp: eventsPerApp });
}
