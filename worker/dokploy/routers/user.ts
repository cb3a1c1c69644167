/** People and their keys. */
import { z } from 'zod';
import { createApiKey as createApiKeyBody, createUser as createUserBody } from '../../../shared/api/auth.ts';
import { hasRight } from '../../services/access.ts';
import { readAccessed } from '../../services/accessed.ts';
import { createApiKey, readApiKeys, removeApiKey } from '../../services/api-keys.ts';
import { createUser, readUser, readUsers, removeUser } from '../../services/users.ts';
import { unsupportedField } from '../failure.ts';
import { organizationId, text } from '../fields.ts';
import { command, mutation, query, type Call, type Router } from '../procedure.ts';
import { apiKeyRow, memberRow, toApiKeyRow, toMember, type MemberRow } from '../rows/member.ts';

const nothing = z.object({});
const byId = z.object({ userId: text });

/** As many as one page has. */
const most = 200;

const apiKeys = z.array(apiKeyRow).meta({ description: 'Empty to a key that does not manage keys, as are the lists of what is shared.' });
const ownRow = memberRow.extend({ user: memberRow.shape.user.extend({ apiKeys }) });

/** With what is shared with each. */
export async function readMembers({ ctx }: Call, users: readonly Call['actor']['user'][]): Promise<MemberRow[]> {
  const accessed = await readAccessed(ctx, users.map(({ id }) => id));
  return users.map((user) => toMember(user, accessed.get(user.id)));
}

/** To every key, as the official command line looks at it to see whether a key is good. */
async function readOwn(call: Call): Promise<z.infer<typeof ownRow>> {
  const { ctx, actor } = call;
  if (!hasRight(actor, 'account')) return withKeys(toMember(actor.user), []);
  const [member] = (await readMembers(call, [actor.user])) as [MemberRow];
  const { data: keys } = await readApiKeys(ctx, actor, { limit: most });
  return withKeys(member, keys.map(toApiKeyRow));
}

function withKeys(member: MemberRow, keys: z.infer<typeof apiKeys>): z.infer<typeof ownRow> {
  return { ...member, user: { ...member.user, apiKeys: keys } };
}

const noRows = (description: string) => query({ needs: 'self', input: nothing, output: z.array(z.unknown()).meta({ description }), run: () => [] });

const newKey = z.object({
  name: createApiKeyBody.shape.name,
  expiresIn: z.number().int().min(1).max(10 * 365 * 24 * 3600).nullish().meta({ description: 'Seconds.' }),
  metadata: z.object({ organizationId: text }).optional(),
  prefix: text.optional(),
  rateLimitEnabled: z.boolean().optional(),
  rateLimitTimeWindow: z.number().nullish(),
  rateLimitMax: z.number().nullish(),
  remaining: z.number().nullish(),
  refillAmount: z.number().nullish(),
  refillInterval: z.number().nullish(),
});

/** @throws AppError not_available_yet */
function refuseKeyLimits({ prefix, rateLimitEnabled, remaining, refillAmount }: z.infer<typeof newKey>): void {
  if (prefix !== undefined && prefix !== '') throw unsupportedField('prefix', 'Keys begin with `dkp_`.');
  const limit = Object.entries({ rateLimitEnabled: rateLimitEnabled === true, remaining: remaining != null, refillAmount: refillAmount != null }).find(([, isSet]) => isSet);
  if (limit !== undefined) throw unsupportedField(limit[0], 'Requests are counted for each key by the same measure; POST /api/v1/api-keys limits a key to scopes, projects and apps.');
}

export const userRouter: Router = {
  get: query({ needs: 'self', input: nothing, output: ownRow, run: readOwn }),
  session: query({
    needs: 'self',
    input: nothing,
    output: z.object({ user: z.object({ id: text }), session: z.object({ activeOrganizationId: text }) }),
    run: ({ actor }) => ({ user: { id: actor.user.id }, session: { activeOrganizationId: organizationId } }),
  }),
  all: query({
    needs: 'admin',
    input: nothing,
    output: z.array(memberRow),
    run: async (call) => readMembers(call, (await readUsers(call.ctx, { limit: most })).data),
  }),
  one: query({ needs: 'admin', input: byId, output: memberRow, run: async (call, { userId }) => ((await readMembers(call, [await readUser(call.ctx, userId)])) as [MemberRow])[0] }),
  createUserWithCredentials: mutation({
    needs: 'admin',
    input: createUserBody.pick({ email: true, password: true }).extend({ role: z.enum(['admin', 'member']) }),
    output: memberRow,
    run: async ({ ctx }, input) => toMember(await createUser(ctx, { ...input, grants: [] })),
  }),
  remove: command({ needs: 'admin', input: byId, run: ({ ctx }, { userId }) => removeUser(ctx, userId) }),
  checkUserOrganizations: query({
    needs: 'admin',
    input: byId,
    output: z.number(),
    async run({ ctx }, { userId }) {
      await readUser(ctx, userId);
      return 1;
    },
  }),
  createApiKey: mutation({
    needs: 'issue_key',
    input: newKey,
    output: apiKeyRow.extend({ key: text }),
    async run({ ctx, actor }, input) {
      refuseKeyLimits(input);
      const expiresAt = input.expiresIn == null ? null : new Date(ctx.clock() + input.expiresIn * 1000).toISOString();
      const { row, key } = await createApiKey(ctx, actor.user, createApiKeyBody.parse({ name: input.name, expires_at: expiresAt }));
      return { ...toApiKeyRow(row), key };
    },
  }),
  deleteApiKey: mutation({
    needs: 'account',
    input: z.object({ apiKeyId: text }),
    output: z.literal(true),
    async run({ ctx, actor }, { apiKeyId }) {
      await removeApiKey(ctx, actor, apiKeyId);
      return true as const;
    },
  }),
  haveRootAccess: query({ needs: 'self', input: nothing, output: z.boolean(), run: () => false }),
  listPasskeys: noRows('None: there are no passkeys here.'),
  getBackups: noRows('None: there are no backups here yet.'),
  getBookmarkedTemplates: noRows('None: there are no templates here yet.'),
};
