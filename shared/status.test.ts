import { expect, test } from 'vitest';
import { allowsAction, appActions, appStatuses, deploymentStatuses, isFinished } from './status.ts';

test('what may be asked of an app in which state', () => {
  const table = Object.fromEntries(appStatuses.map((status) => [status, appActions.filter((action) => allowsAction(status, action)).join(' ')]));
  expect(table).toEqual({
    created: '',
    starting: 'stop restart pause',
    running: 'start stop restart pause',
    unhealthy: 'stop restart pause',
    restarting: 'stop restart',
    paused: 'stop restart pause unpause',
    stopped: 'start stop restart',
    crashed: 'start stop restart',
  });
});

test('which deployments are over', () => {
  expect(deploymentStatuses.filter(isFinished)).toEqual(['succeeded', 'failed', 'cancelled']);
});
