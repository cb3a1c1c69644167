/** What people may do, and where they are logged in. Flags of Dokploy are the role, a grant and what is shared here; those without a counterpart say what they say already. */
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { assignAccess, readByTeam } from '../../services/accessed.ts';
import { readOverview } from '../../services/overview.ts';
import { endSession, readSessions } from '../../services/sessions.ts';
import { readUser } from '../../services/users.ts';
import { unsupportedField } from '../failure.ts';
import { flag, listOf, text, textOrNull, time, toTime } from '../fields.ts';
import { command, mutation, query, type Call, type Router } from '../procedure.ts';
import { absentLists, absentRights, givenRights, type MemberRow } from '../rows/member.ts';
import { permissions, toPermissions } from '../rows/permissions.ts';
import { readMembers } from './user.ts';

/** As many as one page has. */
const most = 200;

const ids = listOf(text, 1000);
const flags = z.object({ ...givenRights.shape, ...absentRights.shape, canAccessToAPI: flag }).partial();
const assigned = z.object({
  id: text.meta({ description: 'Of the user.' }),
  accessedProjects: ids.meta({ description: 'Shared with all that is in them, now and later: the other two lists name all of it.' }),
  accessedEnvironments: ids.optional(),
  accessedServices: ids.meta({ description: 'All applications of those projects, and others that are shared by themselves.' }),
  accessedGitProviders: ids.optional(),
  accessedServers: ids.optional(),
  ...flags.shape,
});
type Assigned = z.infer<typeof assigned>;

async function assign(call: Call, input: Assigned): Promise<void> {
  const { ctx, actor } = call;
  const [row] = (await readMembers(call, [await readUser(ctx, input.id)])) as [MemberRow];
  refuseOtherRights(row, input);
  if (row.role !== 'member') return refuseForAdministrators(row, input);
  const apps = await readWanted(call, input);
  const wanted = [...input.accessedProjects, ...input.accessedServices];
  const stays = (await readByTeam(ctx, input.id)).find((id) => !wanted.includes(id));
  if (stays !== undefined) throw unsupportedField('accessedProjects', `${stays} is shared with a team of theirs: DELETE /api/v1/teams/{teamId}/members/{userId}.`);
  await assignAccess(ctx, actor, { userId: input.id, grant: 'api_tokens', isGranted: input.canAccessToAPI ?? row.canAccessToAPI, projects: input.accessedProjects, apps });
}

/** @throws AppError not_available_yet */
function refuseOtherRights(row: MemberRow, input: Assigned): void {
  const same = Object.keys({ ...givenRights.values, ...absentRights.values, ...absentLists.values }) as (keyof Assigned & keyof MemberRow)[];
  const other = same.find((name) => input[name] !== undefined && JSON.stringify(input[name]) !== JSON.stringify(row[name]));
  if (other !== undefined) throw unsupportedField(other, 'What members may do follows from what is theirs or shared with them: PUT /api/v1/projects/{projectId}/access/{holderId} with `viewer` or `developer`.');
}

/** @throws AppError not_available_yet */
function refuseForAdministrators({ canAccessToAPI }: MemberRow, input: Assigned): void {
  if (input.canAccessToAPI !== undefined && input.canAccessToAPI !== canAccessToAPI) throw unsupportedField('canAccessToAPI', 'Administrators have it: organization.updateMemberRole makes them members.');
  const list = (['accessedProjects', 'accessedServices', 'accessedEnvironments'] as const).find((name) => (input[name]?.length ?? 0) > 0);
  if (list !== undefined) throw unsupportedField(list, 'Administrators reach everything.');
}

/** The applications that are named. A project is shared with all that is in it, so less of it than all cannot be meant. @throws AppError project_not_found, environment_not_found, app_not_found, not_available_yet */
async function readWanted({ ctx, actor }: Call, { accessedProjects: projects, accessedEnvironments: places, accessedServices: services }: Assigned): Promise<{ id: string; projectId: string }[]> {
  const trees = await readOverview(ctx, actor);
  const environments = trees.flatMap((tree) => tree.environments.map(({ environment }) => environment));
  const apps = trees.flatMap((tree) => tree.environments.flatMap((one) => one.apps));
  requireAll(projects, trees.map(({ project }) => project), 'project_not_found');
  requireAll(places ?? [], environments, 'environment_not_found');
  requireAll(services, apps, 'app_not_found');
  const isWithin = ({ projectId }: { projectId: string }) => projects.includes(projectId);
  const lone = environments.find((one) => places?.includes(one.id) === true && !isWithin(one));
  if (lone !== undefined) throw unsupportedField('accessedEnvironments', `An environment is shared with its project: ${lone.id}.`);
  const left = (places === undefined ? [] : environments.filter((one) => isWithin(one) && !places.includes(one.id))).at(0) ?? apps.find((app) => isWithin(app) && !services.includes(app.id));
  if (left !== undefined) throw unsupportedField('accessedProjects', `A project is shared with all that is in it, also with ${left.id}: name that as well, or leave ${left.projectId} out and name its applications.`);
  return apps.filter(({ id }) => services.includes(id));
}

function requireAll(named: readonly string[], known: readonly { id: string }[], code: 'project_not_found' | 'environment_not_found' | 'app_not_found'): void {
  const there = new Set(known.map(({ id }) => id));
  if (named.some((id) => !there.has(id))) throw new AppError(code);
}

const sessionRow = z.object({ id: text, userId: text, createdAt: time, updatedAt: time, expiresAt: time, ipAddress: textOrNull, userAgent: textOrNull, isCurrent: flag });

export const userPermissions: Router = {
  assignPermissions: command({ needs: 'admin', input: assigned, run: assign }),
  getPermissions: query({ needs: 'self', input: z.object({}), output: permissions, run: ({ actor }) => toPermissions(actor) }),
  listSessions: query({
    needs: 'sign_in',
    input: z.object({}),
    output: z.array(sessionRow),
    async run({ ctx, actor }) {
      const { data } = await readSessions(ctx, actor, { limit: most });
      return data.map(({ id, userId, createdAt, lastUsedAt, expiresAt, userAgent }) => ({
        id, userId, createdAt: toTime(createdAt), updatedAt: toTime(lastUsedAt), expiresAt: toTime(expiresAt), ipAddress: null, userAgent, isCurrent: id === actor.tokenId,
      }));
    },
  }),
  revokeSession: mutation({
    needs: 'sign_in',
    input: z.object({ sessionId: text }),
    output: z.literal(true),
    async run({ ctx, actor }, { sessionId }) {
      await endSession(ctx, actor, sessionId);
      return true as const;
    },
  }),
};
