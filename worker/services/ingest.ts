/** What executors tell, made into rows: the only way facts flow back. The hub calls these in the order of the executor's events. */
import type { DeploymentEvent, ExecutorEvent, ReportEvent, UsageEvent } from '../../shared/protocol/events.ts';
import type { Hello, StreamEnd } from '../../shared/protocol/messages.ts';
import { connectedStatus, isFinished } from '../../shared/status.ts';
import { advanceDeployment, findDeployment, listOpenDeployments } from '../store/deployments.ts';
import { listRemovals } from '../store/removals.ts';
import { noteDisks, noteServerState, updateConnectedServer } from '../store/servers.ts';
import { listStatuses } from '../store/statuses.ts';
import type { Context } from './context.ts';
import { endDeployment, handOver, startNextDeployment } from './deployments.ts';
import type { StreamHolder } from './ports.ts';
import { retryRemovals } from './removals.ts';
import { changeStatus, takeAbsence, takeOom } from './statuses.ts';
import { refusalOfHolder } from './stream-holders.ts';

/** Since when an executor is away, in ms since the epoch, and what made it so. */
export interface Absence {
  since: number;
  reason: string;
}

/** What a hub hands facts to, and asks whose streams are still theirs. */
export interface Ingest {
  connected(serverId: string, epoch: number, hello: Hello): Promise<void>;
  disconnected(serverId: string, epoch: number, absence: Absence): Promise<void>;
  /** Usage is not for the database of the application: the hub keeps it (`UsageHistory`). */
  event(serverId: string, epoch: number, event: Exclude<ExecutorEvent, UsageEvent>): Promise<void>;
  refusalOf(holder: StreamHolder, appId: string): Promise<StreamEnd | null>;
}

export function createIngest(ctx: Context): Ingest {
  return {
    connected: (serverId, epoch, hello) => takeHello(ctx, serverId, epoch, hello),
    disconnected: (serverId, epoch, { since, reason }) => noteServerState(ctx.db, { id: serverId, epoch, status: 'offline', reason, since }),
    event: (serverId, epoch, event) => {
      switch (event.kind) {
        case 'deployment':
          return takeDeployment(ctx, serverId, event);
        case 'status':
          return changeStatus(ctx, serverId, event);
        case 'oom':
          return takeOom(ctx, serverId, event);
        case 'disk':
          return noteDisks(ctx.db, serverId, epoch, event.disks);
        case 'report':
          return takeReport(ctx, serverId, epoch, event);
      }
    },
    refusalOf: (holder, appId) => refusalOfHolder(ctx, holder, appId),
  };
}

async function takeHello(ctx: Context, serverId: string, epoch: number, hello: Hello): Promise<void> {
  const engine = hello.engine === null ? {} : { engine: hello.engine };
  const { status, reason } = connectedStatus(hello.engine !== null);
  const observed = { status, statusReason: reason, executorVersion: hello.version, ingress: hello.ingress, ...engine };
  const isNewest = await updateConnectedServer(ctx.db, serverId, epoch, observed, ctx.clock());
  // Were it left open, it would be asked, and its facts would count for nothing.
  if (!isNewest) throw new Error(`a connection newer than epoch ${epoch} is known`);
  // Not waited for: stopping an app can take an hour, and the facts of its host come in meanwhile.
  void retryRemovals(ctx, await listRemovals(ctx.db, serverId));
  await resumeDeployments(ctx, serverId, hello.deployments);
}

/** What was under way or waiting when the host was lost goes on: what runs is handed over again, what is queued starts. */
async function resumeDeployments(ctx: Context, serverId: string, known: string[]): Promise<void> {
  const open = await listOpenDeployments(ctx.db, serverId);
  for (const deployment of open) {
    if (deployment.status === 'running' && !known.includes(deployment.id)) await handOver(ctx, deployment);
  }
  const queuedApps = new Set(open.filter((deployment) => deployment.status === 'queued').map((deployment) => deployment.appId));
  for (const appId of queuedApps) await startNextDeployment(ctx, appId, serverId);
}

async function takeDeployment(ctx: Context, serverId: string, event: DeploymentEvent): Promise<void> {
  const { deployment: id, status, phase, at, failure, image_id: imageId } = event;
  if (!isFinished(status)) {
    await advanceDeployment(ctx.db, id, serverId, { phase, imageId, at });
    return;
  }
  const deployment = await findDeployment(ctx.db, id);
  if (deployment === undefined || deployment.serverId !== serverId) return;
  await endDeployment(ctx, deployment, { status: status as 'succeeded' | 'failed' | 'cancelled', failure, imageId });
}

/** The full picture repairs what a lost transition left behind. Nothing is concluded from the silence of an engine that is away (REL-11). */
async function takeReport(ctx: Context, serverId: string, epoch: number, report: ReportEvent): Promise<void> {
  await noteServerState(ctx.db, { id: serverId, epoch, ...connectedStatus(report.engine === 'reachable', report.reason), since: ctx.clock() });
  if (report.engine === 'unreachable') return;
  const reported = new Map(report.apps.map(({ app, status }) => [app, status]));
  for (const { id, status } of await listStatuses(ctx.db, serverId)) {
    const seen = reported.get(id);
    if (seen !== undefined && seen !== status) await changeStatus(ctx, serverId, { app: id, status: seen, reason: null, at: report.at });
    if (seen === undefined && status !== 'created' && status !== 'stopped') await takeAbsence(ctx, serverId, id, report.at);
  }
}
