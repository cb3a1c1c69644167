import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';

const email = z.email().max(254).meta({ description: 'E-mail address, the name to log in with.', example: 'admin@example.com' });
const password = z.string().min(12).max(256).meta({ description: 'At least 12 characters.', example: 'correct horse battery staple' });
const role = z.enum(['admin', 'member']).meta({ description: 'An admin reaches everything; a member the projects they own.', example: 'member' });

export const user = z
  .strictObject({ id: idOf('user', 'Id of the user.'), email, role, created_at: timestamp('When the user was made.') })
  .meta({ id: 'User', description: 'A person who can log in.' });
export type User = z.infer<typeof user>;
export const userPage = pageOf(user, 'UserPage');

export const createUser = z.strictObject({ email, password, role: role.default('member') }).meta({ id: 'CreateUser' });
export type CreateUser = z.infer<typeof createUser>;

export const login = z
  .strictObject({ email: z.string().max(254).meta({ description: 'E-mail address.', example: 'admin@example.com' }), password: z.string().max(256).meta({ description: 'Password.', example: 'correct horse battery staple' }) })
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
  created_at: timestamp('When the key was made.'),
};
const keyText = z.string().meta({ description: 'The key itself; send it as `Authorization: Bearer`.', example: 'dkp_4f9a1c…' });

export const apiKey = z.strictObject(keyFields).meta({ id: 'ApiKey', description: 'An API key, without the key itself.' });
export type ApiKey = z.infer<typeof apiKey>;
export const apiKeyPage = pageOf(apiKey, 'ApiKeyPage');
export const createdApiKey = z.strictObject({ ...keyFields, key: keyText }).meta({ id: 'CreatedApiKey', description: 'A new API key with the key itself.' });
export const createApiKey = z.strictObject({ name: keyFields.name }).meta({ id: 'CreateApiKey' });
export const revealedApiKey = z.strictObject({ id: keyFields.id, key: keyText }).meta({ id: 'RevealedApiKey', description: 'The key, shown again to its owner.' });
