import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';

const name = z.string().trim().min(1).max(100).meta({ description: 'Name for people; need not be unique.', example: 'Shop' });

export const team = z
  .strictObject({
    id: idOf('team', 'Id of the team.'),
    name,
    members: z.array(idOf('user', 'A member.')).meta({ description: 'Ids of the users in it.', example: ['usr_1k3m8v0qz9x4c7b2n5h6t0'] }),
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When its name was last changed.'),
  })
  .meta({ id: 'Team', description: 'Users who reach what is shared with the team.' });
export type Team = z.infer<typeof team>;
export const teamPage = pageOf(team, 'TeamPage');

export const createTeam = z.strictObject({ name }).meta({ id: 'CreateTeam' });
export type CreateTeam = z.infer<typeof createTeam>;

export const updateTeam = z.strictObject({ name }).partial().meta({ id: 'UpdateTeam', description: 'Only the fields given are changed.' });
export type UpdateTeam = z.infer<typeof updateTeam>;
