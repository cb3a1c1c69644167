import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { AppError } from '../shared/errors.ts';
import { fromZodError, toProblem } from './problem.ts';

const schema = z.strictObject({
  name: z.string().min(2).max(5),
  port: z.int().min(1).max(65_535).optional(),
  env: z.record(z.string(), z.string()).optional(),
  list: z.array(z.strictObject({ kind: z.enum(['a', 'b']) })).max(2).optional(),
});

function finding(value: unknown, target: 'json' | 'query' = 'json') {
  const { error } = schema.safeParse(value);
  if (error === undefined) throw new Error('nothing is wrong with it');
  return fromZodError(error, target);
}

describe('what zod finds becomes a code and a pointer', () => {
  test.each([
    [{}, 'missing_field', '/name'],
    [{ name: 7 }, 'wrong_type', '/name'],
    [{ name: null }, 'wrong_type', '/name'],
    [{ name: 'x' }, 'too_short', '/name'],
    [{ name: 'xxxxxx' }, 'too_long', '/name'],
    [{ name: 'xx', port: 0 }, 'out_of_range', '/port'],
    [{ name: 'xx', port: 65_536 }, 'out_of_range', '/port'],
    [{ name: 'xx', port: 1.5 }, 'wrong_type', '/port'],
    [{ name: 'xx', port: '80' }, 'wrong_type', '/port'],
    [{ name: 'xx', more: 1 }, 'unknown_field', '/more'],
    [{ name: 'xx', env: { 'A/B~C': 7 } }, 'wrong_type', '/env/A~1B~0C'],
    [{ name: 'xx', list: [{ kind: 'a' }, { kind: 'z' }] }, 'invalid_value', '/list/1/kind'],
    [{ name: 'xx', list: [{ kind: 'a', more: 1 }] }, 'unknown_field', '/list/0/more'],
    [{ name: 'xx', list: [{ kind: 'a' }, { kind: 'a' }, { kind: 'a' }] }, 'too_long', '/list'],
    [[], 'wrong_type', ''],
    ['text', 'wrong_type', ''],
  ])('%j: %s at %s', (value, code, pointer) => {
    const error = finding(value);
    expect(error.code).toBe(code);
    expect(error.errors[0]).toMatchObject({ code, pointer });
  });

  test('every finding is listed', () => {
    expect(finding({ name: 'x', port: 0, more: 1, less: 2 }).errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/name', 'too_short'],
      ['/port', 'out_of_range'],
      ['/more', 'unknown_field'],
      ['/less', 'unknown_field'],
    ]);
  });

  test('a query parameter is pointed at by its name', () => {
    expect(finding({ name: 'xx', port: 0 }, 'query').errors[0]?.pointer).toBe('?port');
  });

  test('the reply does not repeat what was sent', () => {
    expect(JSON.stringify(finding({ name: 'hunter2-hunter2' }))).not.toContain('hunter2');
  });
});

test('a problem document has the members of RFC 9457 and ours', () => {
  const error = new AppError('slug_taken', { detail: 'It is taken.', errors: [{ pointer: '/slug', code: 'slug_taken', detail: 'It is taken.' }], extra: { hint: 'x' }, cause: new Error('private') });
  expect(toProblem(error, { publicUrl: 'https://dockup.example', requestId: 'r1' })).toEqual({
    type: 'https://dockup.example/errors#slug_taken',
    title: 'The slug is taken',
    status: 409,
    code: 'slug_taken',
    detail: 'It is taken.',
    request_id: 'r1',
    errors: [{ pointer: '/slug', code: 'slug_taken', detail: 'It is taken.' }],
    hint: 'x',
  });
});
