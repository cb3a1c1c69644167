/** What is left to do for a deployment, given what is there. Pure, so that a restarted executor plans again and does only the rest (REL-07). */
import type { DeploymentPhase } from '../../shared/status.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';

export interface Existing {
  /** The engine has the image. */
  hasImage: boolean;
  /** The container of this deployment. */
  container: 'missing' | 'stopped' | 'running';
}

/**
 * `release` stops what serves, before a new container that may not run beside it. `route` sends requests to the new container;
 * `unroute` takes the route of an app away that has become a worker.
 */
export type Step = 'pull' | 'create' | 'release' | 'start' | 'health' | 'route' | 'unroute';

export function planDeployment(spec: AppSpec, existing: Existing): Step[] {
  const steps: Step[] = [];
  if (existing.container === 'missing') {
    if (needsPull(spec, existing)) steps.push('pull');
    steps.push('create');
  }
  // Also beside a container that runs already: the executor may have been killed in between.
  if (isStopFirst(spec)) steps.push('release');
  if (existing.container !== 'running') steps.push('start');
  steps.push('health', spec.internal_port === null ? 'unroute' : 'route');
  return steps;
}

/** REL-13: two containers never write to one volume nor listen on one port of the host, whatever strategy the control plane asks for. */
export function isStopFirst({ strategy, volumes, published_ports: ports = [] }: Pick<AppSpec, 'strategy' | 'volumes' | 'published_ports'>): boolean {
  return strategy === 'stop-first' || volumes.length > 0 || ports.length > 0;
}

export const phaseOfStep: Record<Step, DeploymentPhase> = {
  pull: 'pull',
  create: 'create',
  release: 'start',
  start: 'start',
  health: 'health',
  route: 'switch',
  unroute: 'switch',
};

/** With policy `never` the absence is found where it is answered with `image_not_found`: in the pull step. */
function needsPull(spec: AppSpec, existing: Existing): boolean {
  return spec.pull_policy === 'always' || !existing.hasImage;
}
