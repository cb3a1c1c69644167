/** What a route may answer with, as the spec has it: derived from its shape and its list of codes. */
import type { RouteConfig } from '@hono/zod-openapi';
import { z } from 'zod';
import { problem } from '../shared/api/common.ts';
import { errorEntry, type ErrorCode } from '../shared/errors.ts';
import { problemType } from './problem.ts';

export function takesJson({ request }: RouteConfig): boolean {
  return Object.hasOwn(request?.body?.content ?? {}, 'application/json');
}

/** Whether what stands in the path is looked at before the thing is looked for. */
function hasRules(params: NonNullable<RouteConfig['request']>['params']): boolean {
  return params instanceof z.ZodObject && Object.values(params.shape).some((field) => field instanceof z.ZodType && (field.def.checks ?? []).length > 0);
}

interface Traits {
  isLimited: boolean;
  takesKey: boolean;
}

/** What a request can be refused for by what the route is and takes. */
export function impliedErrors(route: RouteConfig, { isLimited, takesKey }: Traits): ErrorCode[] {
  const fields: ErrorCode[] = ['unknown_field', 'missing_field', 'wrong_type', 'too_long', 'too_short', 'out_of_range', 'invalid_value'];
  const keys: ErrorCode[] = ['idempotency_key_invalid', 'idempotency_key_reused', 'idempotency_key_in_use', 'idempotency_reply_not_kept'];
  return [
    ...(route.request?.body === undefined ? [] : (['unsupported_media_type'] as const)),
    ...(takesJson(route) ? (['malformed_json', 'payload_too_large'] as const) : []),
    ...(takesJson(route) || route.request?.query !== undefined ? fields : []),
    ...(hasRules(route.request?.params) ? (['invalid_value'] as const) : []),
    ...(isLimited ? (['rate_limited'] as const) : []),
    ...(takesKey ? keys : []),
    'internal_error',
  ];
}

export const keyParameter = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description: 'Any text of your own that is new for a new request, such as a UUID. The same request with the same key is answered as it was the first time, for 24 hours, and nothing is done again: send it again when no reply came.',
  schema: { type: 'string' as const, maxLength: 255, description: 'In quotes as a structured field has it, or as it is.', example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"' },
};

/** One response per status, naming the codes that lead to it; `discovery/spec.ts` has an example of each. */
export function errorResponses(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => errorEntry(code).status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\``).join(', '),
        content: {
          [problemType]: { schema: problem, examples: Object.fromEntries(group.map((code) => [code, { $ref: `#/components/examples/${code}` }])) },
        },
      },
    ]),
  );
}

/** Headers that stand on many replies, described once (`components/headers`). */
export const sharedHeaders = {
  'RateLimit-Policy': { description: 'How many requests (`q`) are let through in how many seconds (`w`).', schema: { type: 'string', example: '"default";q=6000;w=60' } },
  RateLimit: { description: 'How many requests are left (`r`) until the window ends, in seconds (`t`).', schema: { type: 'string', example: '"default";r=5999;t=60' } },
  'Idempotency-Replayed': { description: '`true`: this is the reply of the first request with this `Idempotency-Key`.', schema: { type: 'string', example: 'true' } },
  'Retry-After': { description: 'Seconds after which trying again makes sense.', schema: { type: 'integer', example: 15 } },
} as const;

type SharedHeader = keyof typeof sharedHeaders;

export function withHeaders(responses: Record<string, object>, traits: Traits): RouteConfig['responses'] {
  const entries = Object.entries(responses).map(([status, response]) => [status, addHeaders(response, headersOf(Number(status), traits))]);
  return Object.fromEntries(entries);
}

function headersOf(status: number, { isLimited, takesKey }: Traits): SharedHeader[] {
  const isCountTold = isLimited && status !== 101 && (status < 400 || status === 429);
  const isRetryTold = status === 429 || status === 503 || (takesKey && status === 409);
  return [
    ...(isCountTold ? (['RateLimit-Policy', 'RateLimit'] as const) : []),
    ...(takesKey && status < 300 ? (['Idempotency-Replayed'] as const) : []),
    ...(isRetryTold ? (['Retry-After'] as const) : []),
  ];
}

function addHeaders(response: object & { headers?: object }, names: SharedHeader[]): object {
  if (names.length === 0) return response;
  return { ...response, headers: { ...response.headers, ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])) } };
}
