/** Handlers for tests of the link: total over the tables, each refusing, but for those that a test brings. */
import type { Handlers } from '../../executor/dispatch.ts';
import type { StreamHandlers } from '../../executor/streams/stream.ts';
import { AppError } from '../../shared/errors.ts';
import { methods } from '../../shared/protocol/calls.ts';

const refuse = () => Promise.reject(new AppError('app_not_deployed'));

export function makeHandlers(change: Partial<Handlers> = {}): Handlers {
  // `methods` has every key of the table.
  return { ...(Object.fromEntries(methods.map((method) => [method, refuse])) as unknown as Handlers), ...change };
}

export function makeStreamHandlers(change: Partial<StreamHandlers> = {}): StreamHandlers {
  return { logs: refuse, stats: refuse, exec: refuse, ...change };
}
