/** What runs behind every kind of stream of the link. */
import { AppError } from '../../shared/errors.ts';
import type { StreamHandlers } from '../streams/stream.ts';
import type { HandlerContext } from './context.ts';
import { execOnTerminal } from './exec.ts';
import { streamStats } from './stats.ts';

export function createStreamHandlers(context: HandlerContext): StreamHandlers {
  const unavailable = () => Promise.reject(new AppError('unsupported_command'));
  return { logs: unavailable, stats: streamStats(context), exec: execOnTerminal(context) };
}
