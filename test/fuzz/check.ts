/** What a document promises of a reply, looked for in one. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { dialects, mediaType, parse } from './dialects.ts';
import type { DeclaredReply, Operation } from './documents.ts';
import type { Message, Reply } from './send.ts';

/** 5xx that a control plane may answer with when nothing of its own has gone wrong. */
const legitimate = new Set(['not_available_yet', 'git_deploy_unavailable', 'unsupported_command', 'executor_offline', 'engine_unreachable', 'engine_error', 'proxy_unavailable', 'image_pull_failed', 'deadline_exceeded', 'insufficient_storage', 'too_many_streams']);

export type Check = (operation: Operation, message: Message, reply: Reply) => string[];

export function createCheck(operations: readonly Operation[]): Check {
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  // The package is CommonJS, and its types do not know how it is imported.
  (addFormats as unknown as (to: Ajv2020) => void)(ajv);
  ajv.addFormat('binary', true);
  for (const { name, root } of new Set(operations.map(({ document }) => document))) ajv.addSchema(root, name);
  const compiled = new Map<string, ValidateFunction>();

  function findInvalid(operation: Operation, pointer: string, value: unknown): string[] {
    const reference = `${operation.document.name}#${pointer}`;
    const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference });
    compiled.set(reference, validate);
    return validate(value) ? [] : [`the body breaks its schema: ${ajv.errorsText(validate.errors, { dataVar: 'body' })}`];
  }

  function checkBody(operation: Operation, declared: DeclaredReply, { headers, body, status }: Reply): string[] {
    if (declared.content.size === 0) return body === '' ? [] : [`${status} has a body and declares none`];
    const type = mediaType(headers['content-type']);
    const pointer = declared.content.get(type);
    if (pointer === undefined) return [`${status} declares no content type ${type || '(none)'}`];
    if (!/\bjson\b/.test(type)) return [];
    const value = parse(body);
    return value === undefined ? ['the body is not JSON'] : findInvalid(operation, pointer, value);
  }

  return (operation, message, reply) => {
    const general = [...checkHeaders(reply), ...(reply.status < 400 ? [] : dialects[operation.document.name].checkRefusal(operation, reply)), ...checkFailure(reply, codeOf(operation, reply))];
    if (!leadsTo(operation, message.target)) return general;
    const declared = operation.replies.get(reply.status);
    if (declared === undefined) return [...general, `the status ${reply.status} ${codeOf(operation, reply)} is not declared`];
    if (reply.status === 101) return [...general, ...checkClose(operation, reply)];
    return [...general, ...(dialects[operation.document.name].declaresCodes ? checkCode(declared, reply, codeOf(operation, reply)) : []), ...checkBody(operation, declared, reply), ...checkDeclaredHeaders(declared, reply)];
  };
}

/** Whether the path, as HTTP reads it, is this operation's: `..`, a slash, or nothing at all lead elsewhere. */
export function leadsTo({ path }: Operation, target: string): boolean {
  const asked = (target.split(/[?#]/)[0] ?? '').split('/');
  const template = path.split('/');
  return asked.length === template.length && asked.every((part, index) => index === 0 || part !== '') && !asked.some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
}

function codeOf({ document }: Operation, reply: Reply): string {
  return dialects[document.name].codeOf(reply);
}

function checkHeaders({ status, headers }: Reply): string[] {
  const wrong: string[] = [];
  if (status === 101) return wrong;
  if (!/^[0-9a-f]{16}$/.test(String(headers['x-request-id']))) wrong.push('X-Request-Id is missing');
  if (headers['x-content-type-options'] !== 'nosniff') wrong.push('X-Content-Type-Options is missing');
  if (headers['access-control-allow-origin'] !== '*') wrong.push('Access-Control-Allow-Origin is missing');
  if (status === 401 && headers['www-authenticate'] !== 'Bearer') wrong.push('401 without WWW-Authenticate');
  if (status === 405 && headers.allow === undefined) wrong.push('405 without Allow');
  if (headers['retry-after'] !== undefined && !/^\d+$/.test(headers['retry-after'])) wrong.push(`Retry-After is ${headers['retry-after']}`);
  return wrong;
}

function checkFailure({ status }: Reply, code: string): string[] {
  return status >= 500 && !legitimate.has(code) ? [`${status} ${code}`] : [];
}

function checkCode({ codes }: DeclaredReply, { status }: Reply, code: string): string[] {
  return code === '' || codes.has(code) ? [] : [`the code ${code} is not declared for ${status}`];
}

/** 4000 + the status of the error, and its code. */
function checkClose({ replies }: Operation, { close }: Reply): string[] {
  if (close === undefined || close.code < 4000) return close?.code === 1011 ? ['the socket was closed with 1011'] : [];
  const [code = ''] = close.reason.split(':');
  if (close.code >= 4500 && !legitimate.has(code)) return [`the socket was closed with ${close.code} ${close.reason}`];
  // Executors are told by codes of their own.
  if (!close.reason.includes(':')) return [];
  return replies.get(close.code - 4000)?.codes.has(code) === true ? [] : [`the socket was closed with ${close.code} ${code}, which is not declared`];
}

function checkDeclaredHeaders({ headers }: DeclaredReply, reply: Reply): string[] {
  return headers.flatMap(({ name, isRequired, schema }) => {
    const value = reply.headers[name.toLowerCase()];
    if (value === undefined) return isRequired ? [`${reply.status} without ${name}`] : [];
    return schema['type'] === 'integer' && !/^-?\d+$/.test(String(value)) ? [`${name} is ${String(value)}`] : [];
  });
}
