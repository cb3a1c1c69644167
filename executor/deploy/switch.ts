/** Handing the app over from its old containers to the new one. */
import { AppError } from '../../shared/errors.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { findContainer, listContainers, stopContainer, type AppContainer } from '../docker/containers.ts';
import { describeError } from '../log.ts';
import type { Route, Target } from '../proxy/proxy.ts';
import type { DeployHost } from './host.ts';
import { retireContainer } from './retire.ts';

type RoutingHost = Pick<DeployHost, 'proxy' | 'journal' | 'routing' | 'log'>;

/** Resolves when the running proxy has confirmed the route. @throws AppError proxy_unavailable; the old route then stands */
export function switchRoute(host: RoutingHost, route: Route): Promise<void> {
  return host.routing.hold(route.app, () => switchNow(host, route));
}

async function switchNow({ proxy, log }: RoutingHost, route: Route): Promise<void> {
  try {
    await proxy.switchTo(route);
  } catch (error) {
    log.warn('the proxy did not take the route; repairing it and trying once more', { app: route.app, error: describeError(error) });
    await proxy.ensure();
    await proxy.switchTo(route);
  }
}

/**
 * A deployment that was killed between the switch and its outcome, and now fails, is already routed to: the old container, which is
 * removed only after the outcome, takes over again.
 */
export async function routeBack(host: DeployHost, failed: string, app: string): Promise<void> {
  const { engine, proxy, journal, log } = host;
  const route = proxy.routes().find((known) => known.app === app);
  if (route === undefined || !route.targets.some((target) => deploymentOf(target) === failed)) return;
  const before = journal.current(app);
  const container = before === undefined ? null : await findContainer(engine, { app, deployment: before.deployment });
  log.warn('a failed deployment was already routed to; routing back', { app, failed, to: before?.deployment ?? null });
  if (before?.spec.internal_port == null || container?.address == null) return proxy.remove(app);
  await switchRoute(host, { app, hosts: before.spec.hosts, targets: [{ id: before.deployment, address: container.address, port: before.spec.internal_port }] });
}

/**
 * Put the current container of an app into its route, or take it out: without a target the proxy answers 503 at once, where a stopped or frozen container would let
 * its visitors wait. A proxy that is away keeps nobody from stopping an app; `serveWhatRuns` makes up for it. A container that a
 * deployment has replaced meanwhile has no say in the route any more.
 */
export function setServing(host: RoutingHost, container: AppContainer, serves: boolean): Promise<void> {
  const { app, address, deployment } = container;
  return host.routing.hold(app, async () => {
    const spec = host.journal.get(deployment)?.spec;
    if (spec === undefined || spec.internal_port === null || address === null || !isRouteOf(host, container)) return;
    const targets = serves ? [{ id: deployment, address, port: spec.internal_port }] : [];
    try {
      await switchNow(host, { app, hosts: spec.hosts, targets });
    } catch (error) {
      host.log.warn('the route could not follow the app', { app, serves, error: describeError(error) });
    }
  });
}

/** A switch comes before the outcome that makes its deployment the current one, so both are asked. */
function isRouteOf({ proxy, journal }: RoutingHost, { app, deployment }: AppContainer): boolean {
  const route = proxy.routes().find((known) => known.app === app);
  return journal.current(app)?.deployment === deployment && (route?.targets ?? []).every((target) => deploymentOf(target) === deployment);
}

/** A container that runs and has no target in its app's route: a start that was cut short. */
export async function serveWhatRuns(host: DeployHost): Promise<void> {
  const { engine, proxy, journal } = host;
  const silent = proxy.routes().filter((route) => route.targets.length === 0);
  for (const { app } of silent) {
    const current = journal.current(app)?.deployment;
    const container = (await listContainers(engine, { app })).find((known) => known.deployment === current && known.state === 'running');
    if (container !== undefined) await setServing(host, container, true);
  }
}

/** The deployment a target of a route belongs to. */
export function deploymentOf(target: Target): string {
  return target.id.split('#')[0] ?? target.id;
}

/** After the switch: let old connections end, then stop and remove what was replaced. `signal` ends the wait for connections. */
export async function retireOld(host: DeployHost, current: { id: string; spec: AppSpec }, signal: AbortSignal): Promise<void> {
  const { engine, proxy, log } = host;
  const { spec } = current;
  if (spec.internal_port !== null && !signal.aborted) await drain(proxy.drain(spec.app, spec.drain_timeout), signal);
  const old = (await listContainers(engine, { app: spec.app })).filter((container) => container.deployment !== current.id);
  await Promise.all(
    old.map(async (container) => {
      await stopContainer(engine, container.id);
      await retireContainer(host, container);
      log.info('replaced container removed', { app: spec.app, deployment: container.deployment });
    }),
  );
}

/** A wait that nobody needs any more, because the app is being removed, is left to run out by itself. */
async function drain(draining: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const left = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => left.resolve(), { once: true });
  try {
    await Promise.race([draining, left.promise]);
  } catch (error) {
    // Without a proxy no connection reaches the old container either, so there is nothing to wait for.
    if (!(error instanceof AppError && error.code === 'proxy_unavailable')) throw error;
  }
}
