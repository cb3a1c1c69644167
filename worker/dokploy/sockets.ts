/** Dokploy's WebSockets, over the same streams as our own: text both ways, nothing around it, and a refusal is the code and the reason the socket closes with. */
import { Hono, type Context as HonoContext } from 'hono';
import { z } from 'zod';
import { execSocketQuery, toArguments } from '../../shared/api/sockets.ts';
import { AppError } from '../../shared/errors.ts';
import { readIdentity } from '../identity.ts';
import { fromZodError } from '../problem.ts';
import { countRequest } from '../request-limit.ts';
import type { BaseEnv } from '../route.ts';
import { reachDeployment, requireRight } from '../services/access.ts';
import type { Actor } from '../services/actor.ts';
import { appendAudit, byActor } from '../services/audit.ts';
import { identify, tryIdentify } from '../services/auth.ts';
import { reachContainer, requireCurrent } from '../services/containers.ts';
import { followDeployment } from '../services/deployment-log.ts';
import { recordTerminal } from '../services/exec.ts';
import { askForLogs } from '../services/logs.ts';
import type { Action } from '../services/permissions.ts';
import { attachClient } from '../services/streams.ts';
import { socketDoors } from '../socket-access.ts';
import { logQuery } from './log-text.ts';

type Asked = HonoContext<BaseEnv>;

const through = 'compatible_api';

/** `docker.getContainers` lists them; an app is known by its name here (`appName`) and its id as well. */
const containerId = z.string().min(1).max(200);
const logs = z.object({ containerId, ...logQuery });
/** Of a row of `deployment.all`: the id of the deployment. */
const deploymentLog = z.object({ logPath: z.string().min(1).max(200) });
const terminal = z.object({ containerId, activeWay: z.enum(['bash', 'sh']).default('sh') });

interface DokploySocket {
  path: string;
  /** As procedures do. */
  needs: Action;
  /** Upgrades what has been let in; what it is about is looked up for the actor. */
  connect(c: Asked, actor: Actor): Promise<Response>;
}

export const dokploySockets: readonly DokploySocket[] = [
  { path: '/docker-container-logs', needs: 'logs', connect: followLogs },
  { path: '/docker-container-terminal', needs: 'exec', connect: openTerminal },
  { path: '/listen-deployment', needs: 'logs', connect: followDeploymentLog },
];

export function createDokploySockets(): Hono<BaseEnv> {
  const door = new Hono<BaseEnv>();
  for (const { path, needs, connect } of dokploySockets) door.get(path, ...socketDoors(readCaller), (c) => connect(c, admit(c, needs)));
  return door;
}

async function followLogs(c: Asked, actor: Actor): Promise<Response> {
  const ctx = c.get('ctx');
  const { containerId: name, ...conditions } = readQuery(c, logs);
  const { app, deployment } = await reachContainer(ctx, actor, { id: name, action: 'logs' });
  const request = await askForLogs(ctx, app, { ...conditions, deployment: deployment?.id });
  return attachClient(ctx, c.req.raw, { actor, through, app, ticket: c.get('ticket'), request: { ...request, wire: 'text' } });
}

async function followDeploymentLog(c: Asked, actor: Actor): Promise<Response> {
  const ctx = c.get('ctx');
  const { logPath: id } = readQuery(c, deploymentLog);
  const { deployment, app } = await reachDeployment(ctx, actor, { id, action: 'logs' });
  return attachClient(ctx, c.req.raw, { actor, through, app, ticket: c.get('ticket'), request: followDeployment(deployment) });
}

async function openTerminal(c: Asked, actor: Actor): Promise<Response> {
  const ctx = c.get('ctx');
  const { containerId: name, activeWay } = readQuery(c, terminal);
  const container = await reachContainer(ctx, actor, { id: name, action: 'exec' });
  await requireCurrent(ctx, container);
  const { app } = container;
  const { cmd: shell, cols, rows, idle_timeout } = execSocketQuery.parse({ cmd: activeWay });
  const cmd = toArguments(shell);
  return attachClient(ctx, c.req.raw, {
    actor,
    through,
    app,
    ticket: c.get('ticket'),
    request: { kind: 'exec', app: app.id, params: { app: app.id, cmd, cols, rows, idle_timeout }, wire: 'text' },
    beforeSocket: async () => {
      await recordTerminal(ctx, actor, app, cmd);
      await appendAudit(ctx, [{ ...byActor(actor), action: 'app.terminal', target: app.id, detail: { program: cmd[0] } }]);
    },
  });
}

/** With a key in the header of Dokploy's clients, or as everywhere. */
async function readCaller(c: Asked): Promise<BaseEnv['Variables']['identity']> {
  const key = c.req.header('x-api-key');
  return key === undefined ? readIdentity(c) : tryIdentify(identify(c.get('ctx'), key));
}

/** @throws AppError unauthenticated, invalid_token, token_expired, grant_missing, scope_missing, rate_limited, upgrade_required */
function admit(c: Asked, action: Action): Actor {
  countRequest(c);
  const identity = c.get('identity');
  if (identity === null) throw new AppError('unauthenticated', { detail: 'Send an API key as `x-api-key`.' });
  if (identity instanceof AppError) throw identity;
  requireRight(identity, through);
  requireRight(identity, action);
  if (c.get('socket') !== 'wanted') throw new AppError('upgrade_required', { detail: 'Connect with a WebSocket client.' });
  return identity;
}

/** Dokploy's clients send more than is looked at, such as `serverId` and `runType`. @throws AppError invalid_value */
function readQuery<T extends z.ZodType>(c: Asked, schema: T): z.output<T> {
  const read = schema.safeParse(c.req.query());
  if (!read.success) throw fromZodError(read.error, 'query');
  return read.data;
}
