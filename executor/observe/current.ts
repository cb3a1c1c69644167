/** Which of an app's containers is the app. Pure. */
import type { AppContainer } from '../docker/containers.ts';

export interface Known {
  /** The deployment that the proxy routes to. */
  routed: string | undefined;
  /** The newest deployment that succeeded. */
  succeeded: string | undefined;
  /** Deployments without an outcome: their containers are not the app yet. */
  open: readonly string[];
}

/** The current container, or null before the first deployment has succeeded. `containers` are newest first. */
export function currentContainer(containers: readonly AppContainer[], known: Known): AppContainer | null {
  const of = (deployment: string | undefined) => containers.find((container) => container.deployment === deployment);
  return of(known.succeeded) ?? of(known.routed) ?? containers.find((container) => !known.open.includes(container.deployment)) ?? null;
}
