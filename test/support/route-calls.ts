/** Calls of every route of the registry, with an address and a body that it would take. */
import { defaultEnvironmentId } from '../../shared/names.ts';
import { routes } from '../../worker/registry.ts';
import type { DefinedRoute } from '../../worker/route.ts';
import type { Reply } from './api.ts';
import type { Member, World } from './control-plane-world.ts';

export const nameOf = ({ method, path }: DefinedRoute) => `${method.toUpperCase()} ${path}`;

/** A body that the route would take, so that nothing but the right stands in the way. */
export const bodies: Record<string, unknown> = {
  createApiKey: { name: 'k' },
  createUser: { email: 'new@example.com', password: 'twelve-characters', role: 'admin' },
  updateUser: { role: 'admin' },
  patchUser: { grants: ['api_tokens'] },
  createInvitation: { email: 'invited@example.com', role: 'admin' },
  createTeam: { name: 't' },
  updateTeam: { name: 'taken over' },
  patchTeam: { name: 'taken over' },
  grantProjectAccess: { role: 'developer' },
  grantAppAccess: { role: 'developer' },
  createProject: { name: 'p' },
  updateProject: { name: 'taken over' },
  patchProject: { name: 'taken over' },
  createEnvironment: { name: 'staging' },
  duplicateEnvironment: { name: 'copy' },
  updateEnvironment: { name: 'taken over' },
  patchEnvironment: { name: 'taken over' },
  createTag: { name: 't' },
  updateTag: { name: 'taken over' },
  patchTag: { name: 'taken over' },
  updateProjectTags: { tags: [] },
  createApp: { name: 'a', slug: 'intruder', image: 'nginx:alpine' },
  duplicateApp: { slug: 'copy' },
  updateApp: { image: 'evil:latest', env: { DATABASE_URL: null } },
  patchApp: { image: 'evil:latest', env: { DATABASE_URL: null } },
  createServer: { name: 's' },
  execInApp: { cmd: ['true'] },
  addVolume: { name: 'data', mount_path: '/data' },
  rollbackApp: {},
  updatePassword: { current_password: 'wrong', new_password: 'twelve-characters' },
  createTotpSecret: { current_password: 'wrong' },
  confirmTotp: { code: '000000' },
  deleteTotp: { current_password: 'wrong', code: '000000' },
  createRecoveryCodes: { current_password: 'wrong', code: '000000' },
  createTicket: { app: 'nowhere', action: 'logs' },
};

/** The route's address for one thing of this member. */
export function addressOf({ executor, team, tag, bob }: World, { path }: DefinedRoute, owner: Member, by: 'id' | 'slug' = 'id'): string {
  const values: Record<string, string> = {
    projectId: owner.projectId,
    environmentId: defaultEnvironmentId(owner.projectId),
    appId: by === 'id' ? owner.app.id : owner.app.slug,
    slug: by === 'id' ? owner.app.id : owner.app.slug,
    deploymentId: owner.deploymentId,
    serverId: executor.serverId,
    userId: owner.id,
    teamId: team.id,
    tagId: tag.id,
    // Somebody it could be shared with.
    holderId: bob.id,
    keyId: owner.key.id,
    sessionId: owner.sessionId,
  };
  return path.replaceAll(/\{(\w+)\}/g, (_whole, parameter: string) => values[parameter] ?? 'unknown');
}

export async function callRoute({ plane }: World, route: DefinedRoute, path: string, token: string | null): Promise<Reply> {
  const body = bodies[route.operationId];
  return plane.request(route.method.toUpperCase(), path, { token, ...(body !== undefined && { body }) });
}

export const closedRoutes = routes.filter((route) => route.access.kind !== 'public' && route.access.kind !== 'executor');
