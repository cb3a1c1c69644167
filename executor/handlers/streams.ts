/** What runs behind every kind of stream of the link. */
import { AppError } from '../../shared/errors.ts';
import type { StreamHandlers } from '../streams/stream.ts';
import type { HandlerContext } from './context.ts';

export function createStreamHandlers(_context: HandlerContext): StreamHandlers {
  const unavailable = () => Promise.reject(new AppError('unsupported_command'));
  return { logs: unavailable, stats: unavailable, exec: unavailable };
}
