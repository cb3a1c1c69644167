import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';

export const shareRoles = ['viewer', 'developer'] as const;
export type ShareRole = (typeof shareRoles)[number];

const role = z.enum(shareRoles).meta({ description: '`viewer` reads settings, statistics, logs and events; `developer` does all that its owner does but share it and delete a project.', example: 'developer' });

export const share = z
  .strictObject({
    id: idOf('share', 'Id of the share.'),
    user_id: idOf('user', 'The user it is shared with; null: a team.').nullable(),
    team_id: idOf('team', 'The team it is shared with; null: a user.').nullable().meta({ example: null }),
    name: z.string().meta({ description: 'E-mail address of the user, or name of the team.', example: 'ann@example.com' }),
    role,
    created_at: timestamp('When it was shared.'),
  })
  .meta({ id: 'Share', description: 'Somebody besides its owner who reaches a project or an app.' });
export type Share = z.infer<typeof share>;
export const sharePage = pageOf(share, 'SharePage');

export const grantAccess = z.strictObject({ role: role.default('developer') }).meta({ id: 'GrantAccess' });
export type GrantAccess = z.infer<typeof grantAccess>;
