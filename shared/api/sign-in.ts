/** What somebody logs in with. */
import { z } from 'zod';
import { password } from './auth.ts';

const currentPassword = z.string().max(256).meta({ description: 'The password that holds now.', example: 'correct horse battery staple' });

export const changePassword = z.strictObject({ current_password: currentPassword, new_password: password }).meta({ id: 'ChangePassword' });
export type ChangePassword = z.infer<typeof changePassword>;
