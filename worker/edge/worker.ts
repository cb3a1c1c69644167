/** One application per isolate: building the routes costs more than answering with them. */
import { createApp } from '../app.ts';
import { createLog } from '../log.ts';
import { sweep } from '../services/sweep.ts';
import { createEdgeContext, type Bindings } from './context.ts';
import { createExecutors } from './executors.ts';

export interface EdgeApp {
  app: ReturnType<typeof createApp>;
  sweep(): Promise<void>;
}

export function createEdgeApp(env: Bindings): EdgeApp {
  const contextOf = () => createEdgeContext(env, createExecutors(env.HUB), createLog('api'));
  return { app: createApp(contextOf), sweep: () => sweep(contextOf()) };
}
