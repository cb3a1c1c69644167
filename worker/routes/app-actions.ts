import { app } from '../../shared/api/apps.ts';
import { appActions, type AppAction } from '../../shared/status.ts';
import { toApp } from '../present.ts';
import { defineRoute, onApp } from '../route.ts';
import { actOnApp } from '../services/app-actions.ts';
import { executorErrors } from './executor-errors.ts';
import { appParams } from './params.ts';
import { json } from './replies.ts';

const onePath = '/api/v1/apps/{appId}';

const summaries: Record<AppAction, string> = {
  start: 'Start a stopped app',
  stop: 'Stop an app; it stays stopped until it is started or deployed',
  restart: 'Restart the container of an app',
  pause: 'Freeze all processes of an app',
  unpause: 'Let a paused app go on',
};

const action = (name: AppAction) =>
  defineRoute(
    onApp,
    ['app_not_deployed', ...executorErrors, 'invalid_state', 'host_port_taken'],
    { method: 'post', path: `${onePath}/${name}`, operationId: `${name}App`, summary: summaries[name], tags: ['Apps'], request: { params: appParams }, responses: { 200: json(app, 'The app as it is now.') } },
    async (c) => {
      const ctx = c.get('ctx');
      return c.json(toApp(await actOnApp(ctx, c.get('actor'), c.get('app'), name), ctx.config.baseDomain), 200);
    },
  );

export const appActionRoutes = appActions.map(action);
