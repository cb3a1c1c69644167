/**
 * When the engine starts a container again. The engine's own `unless-stopped` is not asked for: after a crash of dockerd it takes the containers that it then stops
 * itself for stopped by hand, and an `on-failure` container that somebody stopped comes back with the engine. So a container that is to run has a policy that asks
 * nothing of its past, one that is to be stopped has none, and what it goes back to stands in its label (docs/decisions/restart-policies.md). Pure.
 */
import type Dockerode from 'dockerode';
import type { AppSpec } from '../../shared/protocol/spec.ts';

/** Of a container that is to stay down. */
export const neverRestarted: Dockerode.HostRestartPolicy = { Name: 'no' };

export function toRestartPolicy({ name, maximum_retries: retries }: AppSpec['restart_policy']): Dockerode.HostRestartPolicy {
  if (name === 'on-failure') return { Name: name, MaximumRetryCount: retries };
  return name === 'no' ? neverRestarted : { Name: 'always' };
}

/** As Docker's command line has it: `on-failure:3`. */
export function writeRestartPolicy({ Name, MaximumRetryCount }: Dockerode.HostRestartPolicy): string {
  return MaximumRetryCount === undefined ? Name : `${Name}:${MaximumRetryCount}`;
}

/** Null of a container that was made without the label. */
export function readRestartPolicy(label: string | undefined): Dockerode.HostRestartPolicy | null {
  const [, name, retries] = /^(no|always|on-failure)(?::(\d+))?$/.exec(label ?? '') ?? [];
  if (name === undefined) return null;
  return retries === undefined ? { Name: name } : { Name: name, MaximumRetryCount: Number(retries) };
}

/** `unless-stopped`: of a container that an earlier release made. */
export function isAlwaysRestarted(policy: Dockerode.HostRestartPolicy | null): boolean {
  return policy?.Name === 'always' || policy?.Name === 'unless-stopped';
}
