/** One application per isolate: building the routes costs more than answering with them. */
import { createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import type { ReadAsset } from '../pages/assets.ts';
import { createRateLimiter } from '../rate-limiter.ts';
import type { Context } from '../services/context.ts';
import { KeptTexts } from '../services/kept-texts.ts';
import { LastUse } from '../services/last-use.ts';
import { sweep } from '../services/sweep.ts';
import { createEdgeContext } from './context.ts';
import { createExecutors } from './executors.ts';
import type { Bindings } from './hub-rpc.ts';

export interface EdgeApp {
  app: ReturnType<typeof createApp>;
  sweep(): Promise<void>;
}

/** @throws ConfigError where the environment is not fit: nothing is answered then, and the log says what to set (SEC-08) */
export function createEdgeApp(env: Bindings): EdgeApp {
  const { rateLimit } = readConfig('edge', env);
  const rateLimiter = rateLimit === null ? null : createRateLimiter(rateLimit);
  const lastUse = new LastUse();
  const keptTexts = new KeptTexts();
  const log = createLog('api');
  const contextOf = (goOn?: Context['goOn']) => createEdgeContext(env, { executors: createExecutors(env.HUB), rateLimiter, lastUse, keptTexts, log, ...(goOn !== undefined && { goOn }) });
  // Of the address only the path counts.
  const readAsset: ReadAsset = (name) => env.ASSETS.fetch(`https://assets/${name}`);
  return { app: createApp((c) => contextOf((work) => c.executionCtx.waitUntil(work)), readAsset), sweep: () => sweep(contextOf()) };
}
