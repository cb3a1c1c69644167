import { expect, test } from 'vitest';
import { toWords } from './audit-log.ts';

test.each([
  ['session.create', 'login', 'session'],
  ['session.end', 'logout', 'session'],
  ['session.end_others', 'logout', 'session'],
  ['user.make_owner', 'update', 'user'],
  ['api_key.reveal', 'read', 'user'],
  ['team.add_member', 'create', 'user'],
  ['team.remove_member', 'delete', 'user'],
  ['second_factor.on', 'update', 'user'],
  ['app.deploy', 'deploy', 'service'],
  ['app.read_env', 'read', 'service'],
  ['app.terminal', 'run', 'service'],
  ['deployment.cancel', 'cancel', 'deployment'],
  ['project.unshare', 'update', 'project'],
  ['tag.delete', 'delete', 'settings'],
  ['instance.create', 'create', 'settings'],
  ['dokploy.application.one', 'read', 'service'],
  ['dokploy.application.redeploy', 'redeploy', 'service'],
  ['dokploy.application.saveDockerProvider', 'update', 'service'],
  ['dokploy.deployment.killProcess', 'cancel', 'deployment'],
  ['dokploy.organization.inviteMember', 'create', 'user'],
  ['dokploy.user.deleteApiKey', 'delete', 'user'],
  ['something', 'update', 'settings'],
])('%s is %s of a %s', (told, action, resourceType) => {
  expect(toWords(told)).toEqual({ action, resourceType });
});
