/** How the end of a stream looks to a WebSocket client: a last message, a close code and a reason. */
import { errorEntry, type ErrorCode } from '../../shared/errors.ts';
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import type { ClientSession } from './socket.ts';

interface Closing {
  /** Sent before the close. */
  text: string | null;
  code: number;
  reason: string;
}

export function closingOf({ kind, wire }: Pick<ClientSession, 'kind' | 'wire'>, { code, message, exit_code }: StreamEnd): Closing {
  const text = kind === 'exec' && exit_code !== undefined && wire === 'own' ? JSON.stringify({ type: 'exit', exit_code }) : null;
  return code === undefined ? { text, code: 1000, reason: '' } : { text, ...refusalOf(code, message) };
}

/** 4000 + the HTTP status of the code, and the code with what it is about. */
export function refusalOf(code: ErrorCode, message = errorEntry(code).title): { code: number; reason: string } {
  return { code: 4000 + errorEntry(code).status, reason: cut(`${code}: ${message}`) };
}

/** A close frame has room for 123 bytes; a character that does not fit whole is left out. */
function cut(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, 123), { stream: true });
}
