/** How long to wait before the next attempt to connect (REL-02, REL-03). */

/** `refused`: the control plane knows us and does not want us (401, 403), so trying again soon cannot help. */
export type FailureKind = 'failed' | 'refused';

export interface Backoff {
  /** Milliseconds until the next attempt, given how this one ended and how many ms it had been healthy. */
  next(kind: FailureKind, healthyFor: number): number;
}

export const backoffLimits = { base: 1_000, cap: 32_000, refusedCap: 300_000, resetAfter: 60_000 } as const;

export function createBackoff(random: () => number = Math.random): Backoff {
  let attempt = 0;
  return {
    next(kind, healthyFor) {
      if (healthyFor >= backoffLimits.resetAfter) attempt = 0;
      const grown = backoffLimits.base * 2 ** Math.min(attempt++, 20);
      // Full jitter spreads a fleet that lost its control plane at one moment over the whole window.
      if (kind === 'failed') return random() * Math.min(backoffLimits.cap, grown);
      return Math.min(backoffLimits.refusedCap, grown) * (1 + random() / 5);
    },
  };
}
