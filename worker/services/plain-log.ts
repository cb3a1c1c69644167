import type { LogEntry } from '../../shared/protocol/logs.ts';

/** A line of a log as `docker logs --timestamps` writes it. */
export function toPlainLine({ time, text }: Pick<LogEntry, 'time' | 'text'>): string {
  return `${time} ${text}\n`;
}
