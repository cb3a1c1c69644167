/** What somebody logs in with: the password, and the second factor. */
import { z } from 'zod';
import { password } from './auth.ts';

const currentPassword = z.string().max(256).meta({ description: 'The password that holds now.', example: 'correct horse battery staple' });
const code = z.string().max(64).meta({ description: 'The six digits that the authenticator shows.', example: '492039' });
const codeOfEither = code.meta({ description: 'The six digits that the authenticator shows, or a recovery code.', example: '492039' });

export const changePassword = z.strictObject({ current_password: currentPassword, new_password: password }).meta({ id: 'ChangePassword' });
export type ChangePassword = z.infer<typeof changePassword>;

export const createTotpSecret = z.strictObject({ current_password: currentPassword }).meta({ id: 'CreateTotpSecret' });
export const totpSecret = z
  .strictObject({
    secret: z.string().meta({ description: 'To type into an authenticator: base32, SHA-1, 6 digits, 30 seconds.', example: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' }),
    uri: z.string().meta({ description: 'The same as a link, to be shown as a QR code.', example: 'otpauth://totp/Dockup:admin%40example.com?issuer=Dockup&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30' }),
  })
  .meta({ id: 'TotpSecret', description: 'A second factor that counts from the first code on.' });

export const confirmTotp = z.strictObject({ code }).meta({ id: 'ConfirmTotp' });
export const proveBoth = z.strictObject({ current_password: currentPassword, code: codeOfEither }).meta({ id: 'ProveBoth', description: 'Password and second factor once more.' });
export type ProveBoth = z.infer<typeof proveBoth>;

export const recoveryCodes = z
  .strictObject({ recovery_codes: z.array(z.string()).meta({ description: 'Each logs in once in place of a code of the authenticator. They are not shown again.', example: ['jbsw-y3dp-ehpk-3pxp'] }) })
  .meta({ id: 'RecoveryCodes', description: 'New recovery codes; those before are worth nothing.' });
