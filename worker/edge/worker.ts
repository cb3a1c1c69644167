/** One application per isolate: building the routes costs more than answering with them. */
import { createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { createLog, describeError } from '../log.ts';
import { createRateLimiter } from '../rate-limiter.ts';
import type { Context } from '../services/context.ts';
import { KeyUse } from '../services/key-use.ts';
import { sweep } from '../services/sweep.ts';
import { createEdgeContext } from './context.ts';
import { createExecutors } from './executors.ts';
import type { Bindings } from './hub-rpc.ts';

export interface EdgeApp {
  app: ReturnType<typeof createApp>;
  /** Undefined while there is nothing to be written down after a reply. */
  afterwards(): Promise<void> | undefined;
  sweep(): Promise<void>;
}

/** @throws ConfigError where the environment is not fit: nothing is answered then, and the log says what to set (SEC-08) */
export function createEdgeApp(env: Bindings): EdgeApp {
  const { rateLimit } = readConfig('edge', env);
  const rateLimiter = rateLimit === null ? null : createRateLimiter(rateLimit);
  const keyUse = new KeyUse();
  const log = createLog('api');
  const contextOf = (goOn?: Context['goOn']) => createEdgeContext(env, { executors: createExecutors(env.HUB), rateLimiter, keyUse, log, ...(goOn !== undefined && { goOn }) });
  const writeKeyUse = () => keyUse.write(contextOf().db, Date.now()).catch((error: unknown) => log.error('note the use of keys', { cause: describeError(error) }));
  return { app: createApp((c) => contextOf((work) => c.executionCtx.waitUntil(work))), afterwards: () => (keyUse.isDue(Date.now()) ? writeKeyUse() : undefined), sweep: () => sweep(contextOf()) };
}
