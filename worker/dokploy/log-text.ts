/** Logs as Dokploy reads them: the text that `docker logs --timestamps` writes. */
import { z } from 'zod';
import type { LogEntry } from '../../shared/protocol/logs.ts';
import { toPlainLine } from '../services/plain-log.ts';

/** The most lines that are read at once. Dokploy lets 10,000 be asked for. */
const mostLines = 5000;

export const tail = z.coerce.number().int().min(1).max(10_000).default(100).transform((lines) => Math.min(lines, mostLines)).meta({ description: `How many of the last lines; ${mostLines} at most.` });

export const since = z
  .string()
  .regex(/^(all|\d{1,9}[smhd])$/)
  .default('all')
  .transform((age) => (age === 'all' ? undefined : age));

export const logQuery = { tail, since, search: z.string().max(200).optional().transform((part) => (part === '' ? undefined : part)) };

export function toLogText(lines: readonly Pick<LogEntry, 'time' | 'text'>[]): string {
  return lines.map(toPlainLine).join('');
}
