import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';
import { tagIds } from './tags.ts';

const name = z.string().trim().min(1).max(100).meta({ description: 'Name for people; need not be unique.', example: 'My Project' });
const description = z.string().max(2000).meta({ description: 'Free text.', example: 'Everything of the shop.' });

export const project = z
  .strictObject({
    id: idOf('project', 'Id of the project.'),
    name,
    description,
    owner_id: idOf('user', 'The user it belongs to.'),
    tags: tagIds,
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When its name or description was last changed.'),
  })
  .meta({ id: 'Project', description: 'A group of apps that share a private network.' });
export type Project = z.infer<typeof project>;
export const projectPage = pageOf(project, 'ProjectPage');

export const createProject = z.strictObject({ name, description: description.default('') }).meta({ id: 'CreateProject' });
export type CreateProject = z.infer<typeof createProject>;

export const updateProject = z.strictObject({ name, description }).partial().meta({ id: 'UpdateProject', description: 'Only the fields given are changed.' });
export type UpdateProject = z.infer<typeof updateProject>;
