import { expect, test } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { parseEnvText, toEnvText } from './env-text.ts';

test.each([
  ['plain lines', 'A=1\nB=two words', { A: '1', B: 'two words' }],
  ['comments, empty lines and the word export', '# all\n\nexport A=1\n  # more\nB=2 # why\n', { A: '1', B: '2' }],
  ['quotes of each kind', `A='x # y'\nB="x # y"\nC=\`it's\``, { A: 'x # y', B: 'x # y', C: "it's" }],
  ['escapes and several lines in double quotes', 'A="1\\n2"\nB="1\n2"\nC="say \\"hi\\""', { A: '1\n2', B: '1\n2', C: 'say "hi"' }],
  ['an equals sign in the value, and none at all', 'URL=postgres://u:p@h/db?x=1\nEMPTY=', { URL: 'postgres://u:p@h/db?x=1', EMPTY: '' }],
  ['lines that end as on Windows', 'A=1\r\nB=2\r\n', { A: '1', B: '2' }],
  ['a comment behind quotes', `A='x' # why\nB="y"  # why`, { A: 'x', B: 'y' }],
  ['what only begins with a quote', `A='x' y\nB="x" y`, { A: `'x' y`, B: `"x" y` }],
  ['nothing', '', {}],
])('reads %s', (_name, text, env) => {
  expect(parseEnvText(text)).toEqual(env);
});

test.each([['no name', '=1'], ['no equals sign', 'JUST A TEXT'], ['a name that is none', '1A=2'], ['a reference', 'A=${{project.SECRET}}'], ['a quote that does not end', 'A="1\nB']])('refuses %s', (_name, text) => {
  expect(() => parseEnvText(text)).toThrow(AppError);
});

test.each(['plain', 'two words', ' padded ', 'with # mark', 'a\nb', 'tab\there', '"quoted"', "it's", 'back\\slash', '$HOME', '`x`', '', '#', "'"])('what is written is read as the same value: %j', (value) => {
  const env = { BEFORE: 'x', VALUE: value, AFTER: 'y' };
  expect(parseEnvText(toEnvText(env))).toEqual(env);
});

test.each([['spaces', `A=${' '.repeat(400_000)}x`], ['quotes', `A=${'"'.repeat(400_001)}`], ['lines', '\n'.repeat(400_000)], ['marks', `A=${'# '.repeat(200_000)}`]])('takes time that grows with the text only: %s', (_name, text) => {
  expect(Object.keys(parseEnvText(text)).length).toBeLessThanOrEqual(1);
});
