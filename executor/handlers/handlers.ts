/** The answer to every method of the link. */
import { AppError } from '../../shared/errors.ts';
import type { Handlers } from '../dispatch.ts';
import { readLogs } from '../docker/logs.ts';
import { act } from './act.ts';
import type { HandlerContext } from './context.ts';
import { removeApp } from './remove-app.ts';
import { readStats } from './stats.ts';

export function createHandlers(context: HandlerContext): Handlers {
  const { host, deployments, observer } = context;
  return {
    async deploy({ deployment, spec }) {
      await deployments.accept(deployment, spec);
      return { accepted: true };
    },
    async cancel_deploy({ deployment }) {
      return { cancelled: await deployments.cancel(deployment, 'deployment_cancelled') };
    },
    act: (params) => act(context, params),
    remove_app: (params) => removeApp(context, params),
    stats: (params) => readStats(context, params),
    async logs({ app, tail }) {
      const container = await observer.current(app);
      if (container === null) throw new AppError('app_not_deployed');
      return { lines: await readLogs(host.engine, container.id, { tail }) };
    },
  };
}
