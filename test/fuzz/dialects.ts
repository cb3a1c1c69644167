/** How each document's errors look, and what goes with every reply. */
import type { Operation, ServedDocument } from './documents.ts';
import { follow } from './documents.ts';
import type { Reply } from './send.ts';

export interface Dialect {
  /** The code that programs look at; '': it has none. */
  codeOf(reply: Reply): string;
  /** Whether each refusal that is declared has examples of all its codes. */
  declaresCodes: boolean;
  /** What is wrong with a refusal, apart from what its schema says. */
  checkRefusal(operation: Operation, reply: Reply): string[];
}

const problemType = 'application/problem+json';

/** Problem documents (RFC 9457). */
const dockup: Dialect = {
  declaresCodes: true,
  codeOf: ({ body, headers }) => (mediaType(headers['content-type']) === problemType ? textIn(parse(body), 'code') : ''),
  checkRefusal: ({ document: { root } }, reply) => {
    const { status, headers, body } = reply;
    if (mediaType(headers['content-type']) !== problemType) return [`${status} is no problem document but ${headers['content-type'] ?? 'nothing'}`];
    const problem = (parse(body) ?? {}) as Record<string, unknown>;
    const code = dockup.codeOf(reply);
    const wrong: string[] = [];
    if (problem['status'] !== status) wrong.push(`the problem has the status ${String(problem['status'])}`);
    if (!String(problem['type']).endsWith(`/errors#${code}`)) wrong.push(`the problem of ${code} has the type ${String(problem['type'])}`);
    const example = follow(root, { $ref: `#/components/examples/${code}/value` });
    if (example['title'] !== undefined && problem['title'] !== example['title']) wrong.push(`the title of ${code} is ${String(problem['title'])}`);
    // A reply that was kept has the id of the request it was given to.
    if (headers['idempotency-replayed'] === undefined && problem['request_id'] !== headers['x-request-id']) wrong.push('request_id is not that of the header');
    return wrong;
  },
};

/** As trpc-to-openapi writes them, with our code in `data`. */
const dokploy: Dialect = {
  declaresCodes: false,
  codeOf: ({ body }) => textIn((parse(body) as { data?: unknown } | undefined)?.data, 'dockupCode'),
  checkRefusal: (_operation, { status, body }) => {
    const { code, data } = (parse(body) ?? {}) as { code?: unknown; data?: { code?: unknown; httpStatus?: unknown } };
    if (data === undefined) return [];
    return data.httpStatus === status && data.code === code ? [] : [`${status} has the code ${String(code)}, and in its data ${String(data.code)} and ${String(data.httpStatus)}`];
  },
};

export const dialects: Readonly<Record<ServedDocument['name'], Dialect>> = { dockup, dokploy };

export function mediaType(header: string | undefined): string {
  return header?.split(';')[0]?.trim().toLowerCase() ?? '';
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
}

function textIn(value: unknown, name: string): string {
  return typeof value === 'object' && value !== null && name in value ? String((value as Record<string, unknown>)[name]) : '';
}
