import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';

const email = z.email().max(254).meta({ description: 'E-mail address, the name to log in with.', example: 'admin@example.com' });
export const password = z.string().min(12).max(256).meta({ description: 'At least 12 characters.', example: 'correct horse battery staple' });
const role = z.enum(['owner', 'admin', 'member']).meta({ description: 'The owner and admins reach everything; a member the projects they own and what is shared with them. There is one owner, whom admins cannot change.', example: 'member' });
export type Role = z.infer<typeof role>;
/** What administrators give; who is the owner is the owner's to say. */
const givenRole = role.exclude(['owner']).meta({ description: 'An admin reaches everything; a member the projects they own and what is shared with them.', example: 'member' });

export const grants = ['api_tokens', 'swagger'] as const;
export type Grant = (typeof grants)[number];
const grantList = z
  .array(z.enum(grants))
  .max(grants.length)
  .meta({ description: 'What an administrator lets a member do besides: `api_tokens` to make API keys and call the API with them, `swagger` to open the Swagger UI. Administrators need neither.', example: ['api_tokens'] });

export const scopes = ['apps:read', 'apps:write', 'deploy', 'logs', 'exec', 'secrets:read', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export const user = z
  .strictObject({ id: idOf('user', 'Id of the user.'), email, role, grants: grantList, second_factor: z.boolean().meta({ description: 'Whether logging in takes a code besides the password.', example: false }), created_at: timestamp('When the user was made.') })
  .meta({ id: 'User', description: 'A person who can log in.' });
export type User = z.infer<typeof user>;
export const userPage = pageOf(user, 'UserPage');

export const createUser = z.strictObject({ email, password, role: givenRole.default('member'), grants: grantList.default([]) }).meta({ id: 'CreateUser' });
export type CreateUser = z.infer<typeof createUser>;

export const updateUser = z.strictObject({ role: givenRole, grants: grantList }).partial().meta({ id: 'UpdateUser', description: 'Only the fields given are changed.' });
export type UpdateUser = z.infer<typeof updateUser>;

export const login = z
  .strictObject({
    email: z.string().max(254).meta({ description: 'E-mail address.', example: 'admin@example.com' }),
    password: z.string().max(256).meta({ description: 'Password.', example: 'correct horse battery staple' }),
    code: z.string().max(64).optional().meta({ description: 'Of an account with a second factor: the six digits that the authenticator shows, or a recovery code. Other accounts need none, and it is not looked at.', example: '492039' }),
  })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof login>;

export const session = z
  .strictObject({
    token: z.string().meta({ description: 'JWT; send it as `Authorization: Bearer`.', example: 'eyJhbGciOiJIUzI1NiJ9…' }),
    token_type: z.literal('Bearer').meta({ description: 'Always `Bearer`.', example: 'Bearer' }),
    expires_at: timestamp('When the token stops working.'),
    user,
  })
  .meta({ id: 'Session', description: 'A login session.' });
export type Session = z.infer<typeof session>;

export const me = z
  .strictObject({
    user,
    token: z.enum(['session', 'api_key']).meta({ description: 'Which kind of token the call carried.', example: 'api_key' }),
  })
  .meta({ id: 'Me', description: 'Who the token belongs to.' });

const keyFields = {
  id: idOf('key', 'Id of the key.'),
  name: z.string().min(1).max(100).meta({ description: 'What the key is for.', example: 'ci' }),
  prefix: z.string().meta({ description: 'The first characters, to tell keys apart.', example: 'dkp_4f9a1c' }),
  revealable: z.boolean().meta({ description: 'Whether the key can be shown again to its owner.', example: true }),
  scopes: z
    .array(z.enum(scopes))
    .min(1)
    .max(scopes.length)
    .nullable()
    .meta({ description: 'What the key may do at most, within what its owner may: `apps:read` and `apps:write` projects, apps and volumes, `deploy` deployments, uploads and rollbacks, `logs` logs and events, `exec` commands and terminals, `secrets:read` the values of environments and the content of volumes, `admin` everything. Null: everything.', example: ['apps:read', 'deploy'] }),
  projects: z.array(idOf('project', 'A project that the key reaches, with all that is in it.')).max(100).nullable().meta({ description: 'With `apps` the only things that the key reaches. Null in both: all that its owner reaches.', example: null }),
  apps: z.array(idOf('app', 'An app that the key reaches.')).max(100).nullable().meta({ description: 'Apps that the key reaches besides those in `projects`.', example: null }),
  expires_at: timestamp('When the key stops working; null: never.').nullable(),
  last_used_at: timestamp('When the key was last used, to the minute; null: never.').nullable(),
  created_at: timestamp('When the key was made.'),
};
const keyText = z.string().meta({ description: 'The key itself; send it as `Authorization: Bearer`.', example: 'dkp_4f9a1c…' });

export const apiKey = z.strictObject(keyFields).meta({ id: 'ApiKey', description: 'An API key, without the key itself.' });
export type ApiKey = z.infer<typeof apiKey>;
export const apiKeyPage = pageOf(apiKey, 'ApiKeyPage');
export const createdApiKey = z.strictObject({ ...keyFields, key: keyText }).meta({ id: 'CreatedApiKey', description: 'A new API key with the key itself.' });
export const createApiKey = z
  .strictObject({ name: keyFields.name, scopes: keyFields.scopes.default(null), projects: keyFields.projects.default(null), apps: keyFields.apps.default(null), expires_at: keyFields.expires_at.default(null) })
  .meta({ id: 'CreateApiKey' });
export type CreateApiKey = z.infer<typeof createApiKey>;
export const revealedApiKey = z.strictObject({ id: keyFields.id, key: keyText }).meta({ id: 'RevealedApiKey', description: 'The key, shown again to its owner.' });
