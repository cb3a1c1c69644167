import type { Context } from '../services/context.ts';

/** Of a request: what attempts to log in are counted for. */
export function networkOf({ ctx, incoming }: { ctx: Context; incoming: Request }): string {
  return ctx.networkOf(incoming);
}
