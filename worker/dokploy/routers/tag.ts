import { z } from 'zod';
import { createTag as createTagBody, mostTags, mostTagsOfProject } from '../../../shared/api/tags.ts';
import { reachProject } from '../../services/access.ts';
import { addProjectTag, changeProjectTags, changeTag, createTag, readTag, readTags, removeProjectTag, removeTag } from '../../services/tags.ts';
import { text } from '../fields.ts';
import { mutation, query, type Router } from '../procedure.ts';
import { tagging, tagRow, toTagging, toTagRow } from '../rows/tag.ts';

const byId = z.object({ tagId: text });
const ofProject = z.object({ projectId: text, tagId: text });
const { name } = createTagBody.shape;
const color = createTagBody.shape.color.unwrap().or(z.literal('')).optional().meta({ description: '`#rrggbb`; an empty one is none.' });

const list = z.array(text).max(mostTagsOfProject);
/** The CLI sends the text that it was given: a list of JSON, or of ids with anything between. */
const tagIds = list.or(text.transform((ids): string[] => ids.match(/\w+/g) ?? []).pipe(list)).meta({ description: 'These and no others. As a text: ids with commas between.' });

const done = z.object({ success: z.literal(true) });
const success = { success: true } as const;

export const tagRouter: Router = {
  all: query({
    needs: 'apps:read',
    input: z.object({}),
    output: z.array(tagRow).meta({ description: 'By name.' }),
    async run({ ctx }) {
      const { data } = await readTags(ctx, { limit: mostTags });
      return data.map(toTagRow).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
  }),
  one: query({ needs: 'apps:read', input: byId, output: tagRow, run: async ({ ctx }, { tagId }) => toTagRow(await readTag(ctx, tagId)) }),
  create: mutation({
    needs: 'admin',
    input: z.object({ name, color }),
    output: tagRow,
    run: async ({ ctx }, input) => toTagRow(await createTag(ctx, { name: input.name, color: input.color || null })),
  }),
  update: mutation({
    needs: 'admin',
    input: z.object({ tagId: text, name: name.optional(), color }),
    output: tagRow,
    run: async ({ ctx }, { tagId, name: called, color: shown }) => toTagRow(await changeTag(ctx, tagId, { ...(called !== undefined && { name: called }), ...(shown !== undefined && { color: shown || null }) })),
  }),
  remove: mutation({
    needs: 'admin',
    input: byId,
    output: done,
    async run({ ctx }, { tagId }) {
      await removeTag(ctx, tagId);
      return success;
    },
  }),
  assignToProject: mutation({
    needs: 'apps:write',
    input: ofProject,
    output: tagging,
    async run({ ctx, actor, action }, { projectId, tagId }) {
      const project = await reachProject(ctx, actor, { id: projectId, action });
      await addProjectTag(ctx, project, tagId);
      return toTagging(projectId, tagId);
    },
  }),
  removeFromProject: mutation({
    needs: 'apps:write',
    input: ofProject,
    output: done,
    async run({ ctx, actor, action }, { projectId, tagId }) {
      const project = await reachProject(ctx, actor, { id: projectId, action });
      // Of one that the project does not have Dokploy says that it is gone.
      if (project.tags.includes(tagId)) await removeProjectTag(ctx, project, tagId);
      else await readTag(ctx, tagId);
      return success;
    },
  }),
  bulkAssign: mutation({
    needs: 'apps:write',
    input: z.object({ projectId: text, tagIds }),
    output: done,
    async run({ ctx, actor, action }, { projectId, tagIds: wanted }) {
      const project = await reachProject(ctx, actor, { id: projectId, action });
      await changeProjectTags(ctx, project, wanted);
      return success;
    },
  }),
};
