import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';

const name = z.string().trim().min(1).max(100).meta({ description: 'Name for people, unique within the project.', example: 'staging' });
const description = z.string().max(2000).meta({ description: 'Free text.', example: 'What is tried before it is live.' });

export const environment = z
  .strictObject({
    id: idOf('environment', 'Id of the environment.'),
    project_id: idOf('project', 'The project it belongs to.'),
    name,
    description,
    is_default: z.boolean().meta({ description: 'Whether it is the one that every project has from the start (`production`): apps go there unless another is named, and it cannot be deleted.', example: false }),
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When it was last changed.'),
  })
  .meta({ id: 'Environment', description: 'A part of a project, such as production or staging: it says what apps are for, and separates nothing.' });
export type Environment = z.infer<typeof environment>;
export const environmentPage = pageOf(environment, 'EnvironmentPage');

export const createEnvironment = z.strictObject({ name, description: description.default('') }).meta({ id: 'CreateEnvironment' });
export type CreateEnvironment = z.infer<typeof createEnvironment>;

export const updateEnvironment = z.strictObject({ name, description }).partial().meta({ id: 'UpdateEnvironment', description: 'Only the fields given are changed.' });
export type UpdateEnvironment = z.infer<typeof updateEnvironment>;

export const duplicateEnvironment = z
  .strictObject({ name, description: description.optional().meta({ description: 'Free text; that of the environment when left out.', example: 'What is tried before it is live.' }) })
  .meta({ id: 'DuplicateEnvironment' });
export type DuplicateEnvironment = z.infer<typeof duplicateEnvironment>;
