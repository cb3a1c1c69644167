/** What a document promises of a reply, looked for in one. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { follow, type DeclaredReply, type Operation } from './documents.ts';
import type { Message, Reply } from './send.ts';

/** 5xx that a control plane may answer with when nothing of its own has gone wrong. */
const legitimate = new Set(['not_available_yet', 'git_deploy_unavailable', 'unsupported_command', 'executor_offline', 'engine_unreachable', 'engine_error', 'proxy_unavailable', 'image_pull_failed', 'deadline_exceeded', 'insufficient_storage', 'too_many_streams']);

const problemType = 'application/problem+json';

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
    const general = [...checkHeaders(reply), ...checkProblem(operation, reply), ...checkFailure(reply)];
    if (!leadsTo(operation, message.target)) return general;
    const declared = operation.replies.get(reply.status);
    if (declared === undefined) return [...general, `the status ${reply.status} ${codeOf(reply)} is not declared`];
    if (reply.status === 101) return [...general, ...checkClose(operation, reply)];
    return [...general, ...checkCode(declared, reply), ...checkBody(operation, declared, reply), ...checkDeclaredHeaders(declared, reply)];
  };
}

/** Whether the path, as HTTP reads it, is this operation's: `..`, a slash, or nothing at all lead elsewhere. */
export function leadsTo({ path }: Operation, target: string): boolean {
  const asked = (target.split(/[?#]/)[0] ?? '').split('/');
  const template = path.split('/');
  return asked.length === template.length && asked.every((part, index) => index === 0 || part !== '') && !asked.some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
}

export function codeOf({ body, headers }: Reply): string {
  if (mediaType(headers['content-type']) !== problemType) return '';
  const problem = parse(body);
  return typeof problem === 'object' && problem !== null && 'code' in problem ? String(problem.code) : '';
}

function mediaType(header: string | undefined): string {
  return header?.split(';')[0]?.trim().toLowerCase() ?? '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
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

function checkProblem({ document: { root } }: Operation, reply: Reply): string[] {
  const { status, headers, body } = reply;
  if (status < 400) return [];
  if (mediaType(headers['content-type']) !== problemType) return [`${status} is no problem document but ${headers['content-type'] ?? 'nothing'}`];
  const problem = (parse(body) ?? {}) as Record<string, unknown>;
  const code = codeOf(reply);
  const wrong: string[] = [];
  if (problem['status'] !== status) wrong.push(`the problem has the status ${String(problem['status'])}`);
  if (!String(problem['type']).endsWith(`/errors#${code}`)) wrong.push(`the problem of ${code} has the type ${String(problem['type'])}`);
  const example = follow(root, { $ref: `#/components/examples/${code}/value` });
  if (example['title'] !== undefined && problem['title'] !== example['title']) wrong.push(`the title of ${code} is ${String(problem['title'])}`);
  // A reply that was kept has the id of the request it was given to.
  if (headers['idempotency-replayed'] === undefined && problem['request_id'] !== headers['x-request-id']) wrong.push('request_id is not that of the header');
  return wrong;
}

function checkFailure(reply: Reply): string[] {
  const code = codeOf(reply);
  return reply.status >= 500 && !legitimate.has(code) ? [`${reply.status} ${code}`] : [];
}

function checkCode({ codes }: DeclaredReply, reply: Reply): string[] {
  const code = codeOf(reply);
  return code === '' || codes.has(code) ? [] : [`the code ${code} is not declared for ${reply.status}`];
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
