import { expect, test } from 'vitest';
import { AppError, errorCodes, errorEntry, isErrorCode } from './errors.ts';

test.each(errorCodes)('%s has an error status and a title for people', (code) => {
  const { status, title } = errorEntry(code);
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(600);
  expect(title).toMatch(/^[A-Z].*[^.]$/);
});

test('a code is known by its own name only', () => {
  expect(['slug_taken', 'constructor', 'toString', '', null, 7].map(isErrorCode)).toEqual([true, false, false, false, false, false]);
});

test('an error keeps its private half to itself', () => {
  const error = new AppError('engine_error', { detail: 'what people may see', cause: new Error('what they may not') });
  expect({ ...error, message: error.message, status: error.status }).toMatchObject({ code: 'engine_error', status: 502, message: 'what people may see', errors: [], extra: {} });
  expect(JSON.stringify(error)).not.toContain('may not');
  expect(new AppError('slug_taken').message).toBe('The slug is taken');
});
