/** Calls Dokploy's API by its plain protocol, as its SDKs do. */
import { findProcedure } from '../../worker/dokploy/procedures.ts';
import type { ControlPlane } from './control-plane.ts';

export interface DokployReply {
  status: number;
  /** Parsed, where it is JSON; undefined where there is nothing. */
  body: unknown;
  headers: Headers;
}

/** @param key null: none. Default: the administrator's. A reply that is well is held against the schema that its procedure declares. */
export async function callDokploy(plane: ControlPlane, path: string, input: Record<string, unknown> = {}, key: string | null = plane.credentials.api_key): Promise<DokployReply> {
  const procedure = findProcedure(path, 'GET') ?? findProcedure(path, 'POST');
  const isQuery = procedure?.method !== 'post';
  const query = isQuery && Object.keys(input).length > 0 ? `?${new URLSearchParams(input as Record<string, string>)}` : '';
  const response = await fetch(`${plane.url}/api/${path}${query}`, {
    method: isQuery ? 'GET' : 'POST',
    headers: { ...(key !== null && { 'x-api-key': key }), ...(!isQuery && { 'content-type': 'application/json' }) },
    ...(!isQuery && { body: JSON.stringify(input) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
  const body: unknown = isJson ? JSON.parse(text) : text === '' ? undefined : text;
  if (response.status === 200) procedure?.procedure?.output?.parse(body);
  return { status: response.status, body, headers: response.headers };
}

/** The answer of a procedure that has to be well. */
export async function expectDokploy<T = Record<string, unknown>>(plane: ControlPlane, path: string, input: Record<string, unknown> = {}, key?: string): Promise<T> {
  const { status, body } = await callDokploy(plane, path, input, key);
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  return body as T;
}
