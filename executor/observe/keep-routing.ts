/** Routing is put right again and again: its container may be late, or be removed by hand. */
import type { DeployHost } from '../deploy/host.ts';
import { describeError } from '../log.ts';
import { singleFlight } from '../single-flight.ts';

/** A function that makes routing work, or says why it does not: once for each change of cause. Never rejects. */
export function createRoutingKeeper({ proxy, log }: Pick<DeployHost, 'proxy' | 'log'>): () => Promise<void> {
  let lastCause = '';

  async function ensure(): Promise<void> {
    try {
      await proxy.ensure();
      lastCause = '';
    } catch (error) {
      const cause = describeError(error);
      if (cause !== lastCause) log.error('the proxy is not available; deployments will fail until it is', { error: cause });
      lastCause = cause;
    }
  }
  // A proxy that does not answer takes longer to give up on than the pause between two tries.
  return singleFlight(ensure);
}
