/** An environment as the text of an `.env` file, which is how Dokploy keeps one. */
import { AppError } from '../../../shared/errors.ts';

const line = /^[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_][A-Za-z0-9_.-]*)[^\S\n]*=[^\S\n]*(?:(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`)[^\S\n]*(?:#[^\n]*)?|([^\n]*))$/gm;
const comment = /^[^\S\n]*#.*$/gm;

/** Later lines win. @throws AppError invalid_value for a line that is none, and for references, which would be taken for what they are not */
export function parseEnvText(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  const rest = text.replaceAll('\r\n', '\n').replaceAll(comment, '').replaceAll(line, (_whole, name: string, single?: string, double?: string, back?: string, bare?: string) => {
    env[name] = single ?? (double === undefined ? undefined : unescape(double)) ?? back ?? withoutComment(bare ?? '');
    return '';
  });
  if (rest.trim() !== '') throw invalidEnv('Each line has to be `NAME=value`.');
  if (/\$\{\{\s*(project|environment)\./.test(text)) throw invalidEnv('Variables of projects and environments are not available here: write the value.');
  return env;
}

function invalidEnv(detail: string): AppError {
  return new AppError('invalid_value', { detail, errors: [{ pointer: '/env', code: 'invalid_value', detail }] });
}

function unescape(text: string): string {
  return text.replaceAll(/\\([nrt"\\])/g, (_whole, letter: string) => ({ n: '\n', r: '\r', t: '\t' })[letter] ?? letter);
}

function withoutComment(value: string): string {
  const start = value.startsWith('#') ? 0 : value.search(/\s#/);
  return (start === -1 ? value : value.slice(0, start)).trim();
}

/** What `parseEnvText` reads as the same variables. */
export function toEnvText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${/^[^\s'"`#\\$][^\n\r#]*$/.test(value) && value.trim() === value ? value : value === '' ? '' : quote(value)}`)
    .join('\n');
}

function quote(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;
}
