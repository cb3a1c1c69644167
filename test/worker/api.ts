/** The Worker under test from inside workerd: its own fetch handler, as the administrator that the set-up made. */
import { env, exports } from 'cloudflare:workers';
import type { z } from 'zod';
import type { Bindings } from '../../worker/edge/hub-rpc.ts';

// The bindings of test/support/worker-bindings.ts and wrangler.toml, which the runtime's types do not know.
export const bindings = env as Bindings & { TEST_CREDENTIALS: string };

/** What `migrations/migrate.ts` wrote: {url, email, password, api_key}. */
export const credentials = JSON.parse(bindings.TEST_CREDENTIALS) as { email: string; password: string; api_key: string };

// The types of a test file do not know which Worker it runs beside.
const { default: worker } = exports as unknown as { default: Fetcher };

export function fetchApi(path: string, init: RequestInit = {}): Promise<Response> {
  return worker.fetch(`http://dockup.test${path}`, init);
}

interface Call<T extends z.ZodType> {
  body?: unknown;
  token?: string | null;
  status: number;
  schema: T;
}

export async function callApi<T extends z.ZodType>(method: string, path: string, { body, token = credentials.api_key, status, schema }: Call<T>): Promise<z.infer<T>> {
  const headers = { ...(token !== null && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }) };
  const response = await fetchApi(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (response.status !== status) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return schema.parse(text === '' ? undefined : JSON.parse(text));
}
