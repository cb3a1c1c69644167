/**
 * Runs one deployment from wherever it stands: every step finds what an earlier run has done, because a deployment's container has
 * a fixed name and label. Before the switch a failure takes the new container away and touches nothing that serves.
 */
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { DeploymentEvent } from '../../shared/protocol/events.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import type { DeploymentPhase } from '../../shared/status.ts';
import { toCreateOptions } from '../docker/container-spec.ts';
import { createContainer, findContainer, startContainer, type AppContainer } from '../docker/containers.ts';
import { isReachable, isUnreachable } from '../docker/engine.ts';
import { findImage } from '../docker/images.ts';
import { ensureNetwork, findFreeAddress, removeNetworkIfUnused } from '../docker/networks.ts';
import { enforcePolicy } from '../docker/policy.ts';
import { ensureVolume } from '../docker/volumes.ts';
import { isDiskFull } from '../disk.ts';
import { describeError } from '../log.ts';
import { awaitHealthy } from './await-healthy.ts';
import type { Control } from './control.ts';
import { describeFailure } from './failure.ts';
import type { DeployHost } from './host.ts';
import { dropFailedImage, dropOldImages, keepImage } from './kept-images.ts';
import { outlastFullDisk } from './outlast-disk.ts';
import { phaseOfStep, planDeployment, type Step } from './plan.ts';
import { pull } from './pull.ts';
import { releaseOld, undo } from './replace.ts';
import { switchRoute } from './switch.ts';
import { validate } from './validate.ts';

export interface Deployment {
  id: string;
  spec: AppSpec;
  control: Control;
}

/** ms a deployment waits for an engine that went away under it, which is how a restart of dockerd looks. */
const engineDeadline = 30_000;
const mostOutages = 3;

/** Up to the outcome, which is journalled and told. Resolves with whether the new container serves. */
export async function runDeployment(host: DeployHost, deployment: Deployment): Promise<boolean> {
  const progress = createProgress(host, deployment);
  try {
    await outlastEngine(host, deployment, () => takeSteps(host, deployment, progress));
    // It serves, and so it has succeeded, also when the engine can no longer tell its image.
    const container = await outlastEngine(host, deployment, () => findOwn(host, deployment)).catch(() => null);
    if (container !== null) await keepImage(host, { id: deployment.id, slug: deployment.spec.slug }, container.imageId).catch((error: unknown) => host.log.warn('the image is not kept for a rollback', { deployment: deployment.id, error: describeError(error) }));
    const outcome: DeploymentEvent = { ...progress.event('done'), status: 'succeeded', image_id: container?.imageId ?? null };
    await outlastFullDisk(host, { deployment: deployment.id }, () => host.journal.conclude(outcome, false));
    tell(host, outcome);
    return true;
  } catch (error) {
    await abandon(host, deployment, progress.phase(), error);
    return false;
  }
}

/** End a deployment without success: say why, take its container away, and tell. What cannot be undone now stays to be done. */
export async function abandon(host: DeployHost, deployment: Deployment, phase: DeploymentPhase, error: unknown): Promise<void> {
  const { engine, log } = host;
  const container = phase === 'queued' ? null : await findOwn(host, deployment).catch(() => null);
  const failure = await describeFailure({ engine, log, container: container?.id ?? null, phase }, error);
  const status = cancelCodes.has(failure.code) ? 'cancelled' : 'failed';
  const outcome: DeploymentEvent = { ...createProgress(host, deployment).event(phase), status, image_id: container?.imageId ?? null, failure };
  // Before its container is taken away: whoever finds neither container nor outcome runs the deployment again. Only on a full disk after it, as an old container that was stopped does not wait for room.
  const isJournalled = await concludeIfThereIsRoom(host, outcome);
  let isUndone = false;
  try {
    if (phase !== 'queued') await undo(host, deployment);
    isUndone = true;
    await dropFailedImage(host, deployment);
    if (phase !== 'queued') await host.projects.hold(deployment.spec.project, () => removeNetworkIfUnused(engine, deployment.spec.project));
  } catch (cause) {
    // An engine that is away keeps the container until it is back.
    log.warn('what a failed deployment made is not removed yet', { deployment: deployment.id, error: describeError(cause) });
  }
  await outlastFullDisk(host, { deployment: deployment.id }, async () => {
    if (!isJournalled) await host.journal.conclude(outcome, false);
    if (isUndone) await host.journal.change(deployment.id, { isDone: true });
  });
  tell(host, outcome);
  // Another failed upload may have waited for this one.
  await dropOldImages(host, deployment.spec.app).catch((cause: unknown) => log.warn('old images are not removed yet', { app: deployment.spec.app, error: describeError(cause) }));
}

const cancelCodes = new Set<ErrorCode>(['deployment_cancelled', 'app_deleted']);

async function concludeIfThereIsRoom({ journal }: DeployHost, outcome: DeploymentEvent): Promise<boolean> {
  try {
    await journal.conclude(outcome, false);
    return true;
  } catch (error) {
    if (isDiskFull(error)) return false;
    throw error;
  }
}

function tell({ emit, log }: DeployHost, outcome: DeploymentEvent): void {
  emit(outcome);
  log.info('deployment ended', { deployment: outcome.deployment, app: outcome.app, status: outcome.status, code: outcome.failure?.code });
}

async function takeSteps(host: DeployHost, deployment: Deployment, progress: Progress): Promise<void> {
  progress.enter('validate');
  const { spec } = deployment;
  await validate(host, spec);
  const [image, own] = await Promise.all([findImage(host.engine, spec.image), findOwn(host, deployment)]);
  const container = own === null ? 'missing' : own.state === 'running' ? 'running' : 'stopped';
  for (const step of planDeployment(spec, { hasImage: image !== null, container })) {
    deployment.control.signal.throwIfAborted();
    progress.enter(phaseOfStep[step]);
    await operations[step](host, deployment);
  }
}

/** What each step of the plan does. */
const operations: Record<Step, (host: DeployHost, deployment: Deployment) => Promise<void>> = {
  pull,

  create(host, { id, spec }) {
    const { engine, proxy, policy, networkPool, projects } = host;
    return projects.hold(spec.project, async () => {
      const routed = proxy.routes().flatMap((route) => route.targets.map((target) => target.address));
      const network = await ensureNetwork(engine, { project: spec.project, pool: networkPool, routed });
      const address = await findFreeAddress(engine, { project: spec.project, network, routed });
      const options = toCreateOptions(spec, { serverId: engine.serverId, deployment: id, network: network.name, address });
      enforcePolicy(options, { network: network.name, serverId: engine.serverId, app: spec.app, published_ports: policy.published_ports });
      await host.containers.hold(spec.app, async () => {
        for (const volume of spec.volumes) await ensureVolume(engine, { app: spec.app, volume: volume.name });
        await createContainer(engine, options);
      });
    });
  },

  release: releaseOld,

  async start(host, deployment) {
    await startContainer(host.engine, (await getOwn(host, deployment)).id);
  },

  async health(host, deployment) {
    const { engine, clock, deadlines } = host;
    const { spec, control } = deployment;
    const container = await getOwn(host, deployment);
    const target = { check: spec.health_check, container: container.id, address: container.address ?? '', port: spec.internal_port, host: spec.hosts[0] ?? container.address ?? '' };
    await awaitHealthy({ engine, clock, target, longest: deadlines.health, signal: control.signal });
  },

  async route(host, deployment) {
    const { address } = await getOwn(host, deployment);
    deployment.control.commit();
    const { app, hosts, internal_port: port } = deployment.spec;
    await switchRoute(host, { app, hosts, targets: [{ id: deployment.id, address: address ?? '', port: port ?? 0 }] });
  },

  async unroute({ proxy }, { spec, control }) {
    control.commit();
    if (proxy.routes().some((route) => route.app === spec.app)) await proxy.remove(spec.app);
  },
};

/** Run, and when the engine goes away under it, wait for it and run what is left. Each outage has its time, as an engine that is upgraded may restart twice. */
async function outlastEngine<T>(host: DeployHost, { id, control }: Deployment, run: () => Promise<T>): Promise<T> {
  for (let outages = 1; ; outages++) {
    try {
      return await run();
    } catch (error) {
      if (!isUnreachable(error) || outages > mostOutages) throw error;
      host.log.warn('the engine went away during a deployment; waiting for it', { deployment: id });
      if (!(await isBackInTime(host, control.signal))) throw error;
    }
  }
}

async function isBackInTime({ clock, engine }: DeployHost, signal: AbortSignal): Promise<boolean> {
  for (const deadline = Date.now() + engineDeadline; Date.now() < deadline; ) {
    await clock.sleep(500, signal);
    if (await isReachable(engine)) return true;
  }
  return false;
}

function findOwn({ engine }: DeployHost, { id, spec }: Deployment): Promise<AppContainer | null> {
  return findContainer(engine, { app: spec.app, deployment: id });
}

async function getOwn(host: DeployHost, deployment: Deployment): Promise<AppContainer> {
  const container = await findOwn(host, deployment);
  if (container === null) throw new AppError('container_exited', { detail: 'The container was removed by somebody else while it was being deployed.' });
  return container;
}

interface Progress {
  enter(phase: DeploymentPhase): void;
  phase(): DeploymentPhase;
  event(phase: DeploymentPhase): DeploymentEvent;
}

function createProgress(host: DeployHost, { id, spec }: Deployment): Progress {
  let current: DeploymentPhase = 'queued';
  const event = (phase: DeploymentPhase): DeploymentEvent => ({
    kind: 'deployment', deployment: id, app: spec.app, status: 'running', phase, at: host.clock.stamp(), image_id: null, failure: null,
  });
  return {
    enter(phase) {
      if (phase === current) return;
      current = phase;
      host.emit(event(phase));
    },
    phase: () => current,
    event,
  };
}
