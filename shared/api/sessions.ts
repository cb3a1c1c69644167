/** Where somebody is logged in. */
import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';

export const proofs = ['password', 'password+totp', 'password+recovery_code'] as const;
export type Proof = (typeof proofs)[number];

/** Characters of a `User-Agent` that are kept. */
export const userAgentLength = 200;

export const loginSession = z
  .strictObject({
    id: idOf('session', 'Id of the session.'),
    current: z.boolean().meta({ description: 'Whether it is the one that asks.', example: true }),
    how: z.enum(proofs).meta({ description: 'What was shown to log in.', example: 'password+totp' }),
    user_agent: z.string().max(userAgentLength).nullable().meta({ description: 'What the program that logged in calls itself; null: it did not say.', example: 'curl/8.14.1' }),
    last_used_at: timestamp('When it was last used, to the minute.'),
    expires_at: timestamp('When it ends by itself.'),
    created_at: timestamp('When the login was.'),
  })
  .meta({ id: 'LoginSession', description: 'A login that has not ended, without its token.' });
export type LoginSession = z.infer<typeof loginSession>;
export const loginSessionPage = pageOf(loginSession, 'LoginSessionPage');
