/** The executor's real end of the link, with nothing behind it: what dials, waits and counts is the executor's own code. */
import { createClock } from '../../executor/clock.ts';
import type { Handlers } from '../../executor/dispatch.ts';
import { Link } from '../../executor/link.ts';
import { createLog } from '../../executor/log.ts';
import { Outbox } from '../../executor/outbox.ts';
import { runSession, type Ending } from '../../executor/session.ts';
import { defaultHello, type FakeExecutor } from './fake-executor.ts';
import { makeHandlers, makeStreamHandlers } from './handlers.ts';

export interface RealLink {
  outbox: Outbox;
  /** When the hub has welcomed it, in ms of `performance.now`, oldest first. */
  welcomes: number[];
  /** How its connections have ended, and when. */
  endings: (Ending & { at: number })[];
  logs: string[];
  stop(): Promise<void>;
}

interface Options {
  apiUrl: string;
  executor: Pick<FakeExecutor, 'connectToken'>;
  handlers?: Partial<Handlers>;
}

export function startLink({ apiUrl, executor, handlers }: Options): RealLink {
  const stop = new AbortController();
  const welcomes: number[] = [];
  const endings: RealLink['endings'] = [];
  const logs: string[] = [];
  const outbox = new Outbox({ onOutcomeAcknowledged: () => undefined });
  const link = new Link({
    apiUrl,
    connectToken: () => executor.connectToken(),
    hello: () => Promise.resolve(defaultHello),
    handlers: makeHandlers(handlers),
    streamHandlers: makeStreamHandlers(),
    outbox,
    onWelcome: () => void welcomes.push(performance.now()),
    clock: createClock(),
    log: createLog((line) => logs.push(line)),
    session: async (options) => {
      const ending = await runSession(options);
      endings.push({ ...ending, at: performance.now() });
      return ending;
    },
  });
  const running = link.run(stop.signal);
  return {
    outbox,
    welcomes,
    endings,
    logs,
    stop: () => {
      stop.abort();
      return running;
    },
  };
}
