/** What runs behind every kind of stream of the link. */
import type { StreamHandlers } from '../streams/stream.ts';
import type { HandlerContext } from './context.ts';
import { execOnTerminal } from './exec.ts';
import { streamLogs } from './logs.ts';
import { streamStats } from './stats.ts';

export function createStreamHandlers(context: HandlerContext): StreamHandlers {
  return { logs: streamLogs(context), stats: streamStats(context), exec: execOnTerminal(context) };
}
