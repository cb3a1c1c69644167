/** Pieces that every part of the public API is made of. Public JSON is snake_case; times are RFC 3339 in UTC. */
import { z } from 'zod';
import { errorCodes } from '../errors.ts';
import { idPattern, type IdKind } from '../names.ts';

export function idOf(kind: IdKind, description: string) {
  const example = { user: 'usr_1k3m8v0qz9x4c7b2n5h6t0', key: 'key_1k3m8v0qz9x4c7b2n5h6t0', project: 'prj_1k3m8v0qz9x4c7b2n5h6t0', environment: 'env_1k3m8v0qz9x4c7b2n5h6t0', app: 'app_1k3m8v0qz9x4c7b2n5h6t0', deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0', server: 'srv_1k3m8v0qz9x4c7b2n5h6t0', event: 'evt_1k3m8v0qz9x4c7b2n5h6t0', audit: 'aud_1k3m8v0qz9x4c7b2n5h6t0', team: 'team_1k3m8v0qz9x4c7b2n5h6t0', share: 'shr_1k3m8v0qz9x4c7b2n5h6t0', session: 'ses_1k3m8v0qz9x4c7b2n5h6t0', invitation: 'inv_1k3m8v0qz9x4c7b2n5h6t0', tag: 'tag_1k3m8v0qz9x4c7b2n5h6t0' }[kind];
  return z.string().regex(idPattern(kind)).meta({ description, example });
}

export function timestamp(description: string) {
  return z.iso.datetime().meta({ description, example: '2026-11-22T18:50:28.000Z' });
}

/** Milliseconds of the database as the API writes them. */
export function toTimestamp(milliseconds: number): string;
export function toTimestamp(milliseconds: number | null): string | null;
export function toTimestamp(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'How many entries a page holds.', example: 50 }),
  cursor: z.string().max(100).optional().meta({ description: '`next_cursor` of the page before.', example: 'prj_1k3m8v0qz9x4c7b2n5h6t0' }),
});
export type PageQuery = z.infer<typeof pageQuery>;

export function pageOf<T extends z.ZodType>(item: T, id: string) {
  return z
    .strictObject({
      data: z.array(item).meta({ description: 'The entries of this page.' }),
      next_cursor: z.string().nullable().meta({ description: 'Pass it as `cursor` to read on; null on the last page.', example: null }),
    })
    .meta({ id, description: 'One page of a list.' });
}

export const problem = z
  .object({
    type: z.string().meta({ description: 'Link to the description of the code.', example: 'https://dockup.example/errors#slug_taken' }),
    title: z.string().meta({ description: 'Constant summary of the code.', example: 'The slug is taken' }),
    status: z.int().meta({ description: 'The HTTP status.', example: 409 }),
    code: z.enum(errorCodes).meta({ description: 'What programs should look at.', example: 'slug_taken' }),
    detail: z.string().meta({ description: 'What happened, and what shows more.', example: 'The slug "demo" belongs to another app.' }),
    request_id: z.string().meta({ description: 'Quote it when you ask for help.', example: '0b7a3c1e9d2f4a68' }),
    errors: z
      .array(
        z.object({
          pointer: z.string().meta({ description: 'JSON pointer (RFC 6901) into the body, or `?name` of a query parameter.', example: '/slug' }),
          code: z.enum(errorCodes).meta({ description: 'What is wrong there.', example: 'slug_taken' }),
          detail: z.string().meta({ description: 'The same for people.', example: 'The slug "demo" belongs to another app.' }),
        }),
      )
      .optional()
      .meta({ description: 'The fields that are wrong, where fields are.' }),
    offline_since: timestamp('With `executor_offline`: when its server was last heard of.').optional(),
    offline_reason: z.string().optional().meta({ description: 'With `executor_offline`: what is known of why.', example: 'no sign of life for 24 s' }),
    minimum_protocol: z.int().optional().meta({ description: 'With `unsupported_command`: the version of the protocol that the executor has to speak.', example: 3 }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document. A failed deployment that was waited for carries it as `deployment`, a command whose time was up what it wrote as `stdout` and `stderr`.' });
export type Problem = z.infer<typeof problem>;
