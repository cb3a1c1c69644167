/** Server-sent events: what a generator yields, as a reply that is written as fast as it is read. */
import type { Context as HonoContext } from 'hono';
import { AppError } from '../shared/errors.ts';

export interface ServerSentEvent {
  /** One line of text; JSON as a rule. */
  data: string;
  /** Where a client that comes back goes on: it sends it as `Last-Event-ID`. */
  id?: string;
  /** `message` where nothing is said. */
  event?: string;
}

/** ms between two comments on a quiet stream, so that no proxy on the way takes it for dead. */
export const heartbeatInterval = 15_000;

/** What a stream is answered with: the headers that every reply has go along. */
export type Answers = Pick<HonoContext, 'body'>;

/**
 * A failure after the first byte can no longer be a status: it is told as `event: failure` with `code` and `detail`, and the stream ends.
 * @param start what is told, events that come together in one piece. Called at once, `signal` aborts when the client is gone, which may be before the first read
 */
export function eventStream(c: Answers, start: (signal: AbortSignal) => AsyncIterable<readonly ServerSentEvent[]>): Response {
  const gone = new AbortController();
  const events = start(gone.signal)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const heart = createHeart();
  let isFirst = true;
  /** Outlives a heartbeat: asking again would skip events. */
  let next: Promise<IteratorResult<readonly ServerSentEvent[]>> | undefined;

  const read = async (): Promise<string | null> => {
    // Something at once, so that the client has its status before the first event.
    if (isFirst) {
      isFirst = false;
      heart.start();
      return 'retry: 3000\n\n';
    }
    next ??= events.next();
    const result = await Promise.race([next, heart.beat()]);
    if (result === undefined) return ':\n\n';
    next = undefined;
    return result.done ? null : result.value.map(write).join('');
  };

  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        let hasFailed = false;
        const text = await read().catch((error: unknown) => {
          hasFailed = true;
          return toFailure(error);
        });
        if (gone.signal.aborted) return;
        if (text !== null) controller.enqueue(encoder.encode(text));
        if (text !== null && !hasFailed) return;
        heart.stop();
        controller.close();
      },
      cancel: () => {
        heart.stop();
        gone.abort();
      },
    },
    // Nothing is fetched before it is read.
    { highWaterMark: 0 },
  );
  return c.body(body, 200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
}

function write({ data, id, event }: ServerSentEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`;
}

function toFailure(error: unknown): string {
  const { code, message } = error instanceof AppError ? error : new AppError('internal_error');
  return write({ event: 'failure', data: JSON.stringify({ code, detail: message }) });
}

/** One timer for the life of a stream: one for each event costs more than the event. */
function createHeart() {
  let timer: ReturnType<typeof setInterval> | undefined;
  let tell = (_beat: undefined) => {};
  return {
    start: () => (timer = setInterval(() => tell(undefined), heartbeatInterval)),
    /** Resolves at the next beat, for whoever asked last. */
    beat: () => new Promise<undefined>((resolve) => (tell = resolve)),
    stop: () => clearInterval(timer),
  };
}
