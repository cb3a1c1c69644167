import { expect, test } from 'vitest';
import { readKey } from './answer-once.ts';

test.each([
  ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['"with spaces, commas; and \\"quotes\\" and \\\\"', 'with spaces, commas; and "quotes" and \\'],
  ['KG5LxwFBepaKHyUD/+=_~:!', 'KG5LxwFBepaKHyUD/+=_~:!'],
  ['x'.repeat(255), 'x'.repeat(255)],
  [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
])('%s is a key', (header, key) => {
  expect(readKey(header)).toBe(key);
});

test.each(['', ' ', '"', '""', '"half', 'half"', 'a b', 'a,b', 'a"b', 'a\\b', '"a\\b"', '"a";p=1', '"a", "b"', 'tab\t', '"ü"', 'ü', 'x'.repeat(256), `"${'x'.repeat(256)}"`])('%j is none', (header) => {
  expect(() => readKey(header)).toThrow(expect.objectContaining({ code: 'idempotency_key_invalid' }));
});
