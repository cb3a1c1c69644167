/** One JSON line an entry, on the runtime's console. Callers pass no secrets: no tokens, no bodies, no query strings. */
import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { Log } from './services/ports.ts';

export function createLog(component: string): Log {
  const write = (level: string, message: string, fields: Record<string, unknown> = {}) =>
    console.error(JSON.stringify({ time: new Date().toISOString(), level, component, message, ...fields }));
  return {
    info: (message, fields) => write('info', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** An error with its chain of causes, for the log only. Of a failed query its text: the parameters are password hashes and settings. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let e = error; e !== undefined && parts.length < 5; e = e instanceof Error ? e.cause : undefined) {
    parts.push(e instanceof Error ? describeOne(e, parts.length === 0) : String(e));
  }
  return parts.join(' <- ');
}

function describeOne(error: Error, isFirst: boolean): string {
  if (error instanceof DrizzleQueryError) return `failed query: ${error.query}`;
  return isFirst ? (error.stack ?? error.message) : error.message;
}
