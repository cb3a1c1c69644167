import { DrizzleQueryError } from 'drizzle-orm/errors';
import { describe, expect, test } from 'vitest';
import { describeError } from './log.ts';

describe('an error in the log', () => {
  test('is told with its stack and the messages of its causes', () => {
    const text = describeError(new Error('write user', { cause: new Error('disk full') }));
    expect(text).toMatch(/^Error: write user\n +at .*log\.test\.ts/);
    expect(text).toMatch(/ <- disk full$/);
  });

  test.each([
    ['itself', (query: Error) => query],
    ['a cause', (query: Error) => new Error('make user', { cause: query })],
  ])('SEC-11 a failed query as %s is told without its parameters', (_where, wrap) => {
    const query = new DrizzleQueryError('insert into users (password_hash) values (?)', ['$scrypt$hash'], new Error('UNIQUE constraint failed'));
    const text = describeError(wrap(query));
    expect(text).not.toContain('$scrypt$hash');
    expect(text).toContain('failed query: insert into users (password_hash) values (?) <- UNIQUE constraint failed');
  });
});
