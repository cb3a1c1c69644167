/** Tags, and that a project has one. */
import { z } from 'zod';
import type { TagRow } from '../../store/tag-schema.ts';
import { organizationId, text, textOrNull, time, toTime } from '../fields.ts';

export const tagRow = z.object({ tagId: text, name: text, color: textOrNull, createdAt: time, organizationId: text }).meta({ id: 'Tag' });

export function toTagRow({ id, name, color, createdAt }: TagRow): z.infer<typeof tagRow> {
  return { tagId: id, name, color, createdAt: toTime(createdAt), organizationId };
}

export const tagging = z.object({ id: text, projectId: text, tagId: text });

export function toTagging(projectId: string, tagId: string): z.infer<typeof tagging> {
  return { id: `${projectId}.${tagId}`, projectId, tagId };
}

export const projectTag = tagging.extend({ tag: tagRow }).meta({ id: 'ProjectTag' });

export function toProjectTag(projectId: string, tag: TagRow): z.infer<typeof projectTag> {
  return { ...toTagging(projectId, tag.id), tag: toTagRow(tag) };
}
