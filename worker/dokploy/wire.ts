/**
 * Two protocols for the same procedures: plain JSON at `/api/<procedure>`, as the SDKs, the MCP server and Terraform speak it, and the superjson envelope of tRPC at
 * `/api/trpc/<procedure>`, as the official CLI does.
 */
import type { Context as HonoContext } from 'hono';
import { AppError } from '../../shared/errors.ts';
import type { BaseEnv } from '../route.ts';
import type { Failure } from './failure.ts';
import { JsonText } from './procedure.ts';

export interface Protocol {
  readInput(c: HonoContext<BaseEnv>): Promise<unknown>;
  /** @param value undefined where the procedure answers nothing */
  answer(value: unknown): string;
  /** @param path of the procedure; undefined where there is none */
  fail(failure: Failure, path: string | undefined): object | string;
}

export const plain: Protocol = {
  async readInput(c) {
    return c.req.method === 'GET' ? c.req.query() : readBody(c);
  },
  answer: (value) => (value === undefined ? '' : toJson(value)),
  fail(failure, path) {
    if (failure.dockupCode === 'malformed_json') return 'Invalid JSON';
    if (failure.status === 401) return { message: 'Unauthorized' };
    return { message: failure.message, code: failure.code, data: dataOf(failure, path), ...(failure.issues !== null && { issues: failure.issues }) };
  },
};

/** Input comes bare as well: the CLI sends it so on queries, and Dokploy answers that with 400. */
export const trpc: Protocol = {
  async readInput(c) {
    const sent = c.req.method === 'GET' ? parseJson(c.req.query('input')) : await readBody(c);
    return unwrap(sent) ?? {};
  },
  answer: (value) => (value === undefined ? '{"result":{"data":{"json":null,"meta":{"values":["undefined"],"v":1}}}}' : `{"result":{"data":{"json":${toJson(value)}}}}`),
  fail(failure, path) {
    return { error: { json: { message: failure.message, code: failure.number, data: dataOf(failure, path) } } };
  },
};

function toJson(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

function dataOf({ code, status, zodError, dockupCode }: Failure, path: string | undefined): object {
  return { code, httpStatus: status, ...(path !== undefined && { path }), zodError, dockupCode };
}

/** An object that has nothing but `json`, and perhaps the notes of superjson, is an envelope. */
function unwrap(sent: unknown): unknown {
  const isEnvelope = typeof sent === 'object' && sent !== null && 'json' in sent && Object.keys(sent).every((key) => key === 'json' || key === 'meta');
  return isEnvelope ? (sent as { json: unknown }).json : sent;
}

/** A body that was left out is an empty object. */
async function readBody(c: HonoContext<BaseEnv>): Promise<unknown> {
  return parseJson(await c.req.text()) ?? {};
}

/** @throws AppError malformed_json */
function parseJson(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('malformed_json', { detail: 'Invalid JSON', cause });
  }
}
