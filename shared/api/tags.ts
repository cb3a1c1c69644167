import { z } from 'zod';
import { idOf, pageOf, timestamp } from './common.ts';

/** Of the instance, and on one project: they are answered all at once. */
export const mostTags = 1_000;
export const mostTagsOfProject = 20;

const name = z.string().trim().min(1).max(100).meta({ description: 'Name for people, unique.', example: 'customers' });
const color = z.string().regex(/^#[0-9a-fA-F]{6}$/).meta({ description: 'What it is shown in: red, green and blue as six hexadecimal digits.', example: '#3b82f6' }).nullable();

export const tag = z
  .strictObject({
    id: idOf('tag', 'Id of the tag.'),
    name,
    color,
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When it was last changed.'),
  })
  .meta({ id: 'Tag', description: 'A mark that projects are given.' });
export type Tag = z.infer<typeof tag>;
export const tagPage = pageOf(tag, 'TagPage');

export const createTag = z.strictObject({ name, color: color.default(null) }).meta({ id: 'CreateTag' });
export type CreateTag = z.infer<typeof createTag>;

export const updateTag = z.strictObject({ name, color }).partial().meta({ id: 'UpdateTag', description: 'Only the fields given are changed.' });
export type UpdateTag = z.infer<typeof updateTag>;

export const tagIds = z.array(idOf('tag', 'A tag.')).meta({ description: 'Ids of the tags that the project has.', example: ['tag_1k3m8v0qz9x4c7b2n5h6t0'] });

export const updateProjectTags = z.strictObject({ tags: tagIds.max(mostTagsOfProject) }).meta({ id: 'UpdateProjectTags' });
