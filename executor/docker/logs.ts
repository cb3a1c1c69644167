/** Log lines of a container, out of the engine's multiplexed stream. */
import type { LogLine } from '../../shared/protocol/logs.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { asked, type Engine } from './engine.ts';

export interface TailOptions {
  /** Lines at most. */
  tail: number;
  /** Characters of JSON at most; older lines give way. */
  budget?: number;
}

/** The last lines, oldest first. */
export async function readLogs(engine: Engine, id: string, options: TailOptions): Promise<LogLine[]> {
  const stream = await asked('read logs', openLogs(engine, id, options.tail));
  const tail = createTail(options);
  const parser = createLogParser((line) => tail.push(line));
  for await (const chunk of stream) parser.write(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
  parser.end();
  return tail.lines();
}

/** dockerode streams only what it follows, and would collect the rest in memory. */
function openLogs({ docker }: Engine, id: string, tail: number): Promise<NodeJS.ReadableStream> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: `/containers/${id}/logs?`,
        method: 'GET',
        isStream: true,
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
        options: { stdout: true, stderr: true, timestamps: true, tail },
      },
      (error, stream) => (error !== null && error !== undefined ? reject(error) : resolve(stream as NodeJS.ReadableStream)),
    );
  });
}

export interface LogParser {
  write(chunk: Buffer): void;
  end(): void;
}

/**
 * The engine sends frames of 8 bytes of header (stream, 0, 0, 0, length as 32 bits) and a payload that starts with a timestamp. A line
 * above 16 KB comes as several frames with the same timestamp, of which only the last ends in a line feed; with the `local` driver of
 * Engine 20.10 not even that one does.
 */
export function createLogParser(onLine: (line: LogLine) => void): LogParser {
  const open: Partial<Record<LogLine['stream'], LogLine>> = {};
  let rest: Buffer = Buffer.alloc(0);

  const finish = (stream: LogLine['stream']) => {
    const line = open[stream];
    delete open[stream];
    if (line !== undefined) onLine({ ...line, text: cut(line.text) });
  };
  const take = (stream: LogLine['stream'], payload: string) => {
    const isWhole = payload.endsWith('\n');
    const end = isWhole ? payload.length - (payload.endsWith('\r\n') ? 2 : 1) : payload.length;
    const space = payload.indexOf(' ');
    const time = payload.slice(0, space);
    if (open[stream]?.time !== time) finish(stream);
    const line = (open[stream] ??= { time, stream, text: '' });
    // What lies beyond the limit is dropped at once, so that an endless line takes no memory.
    if (line.text.length <= limits.logLineLength) line.text += payload.slice(space + 1, end);
    if (isWhole) finish(stream);
  };
  return {
    write(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= 8) {
        const length = rest.readUInt32BE(4);
        if (rest.length < 8 + length) return;
        take(rest[0] === 2 ? 'stderr' : 'stdout', rest.toString('utf8', 8, 8 + length));
        rest = rest.subarray(8 + length);
      }
    },
    end() {
      finish('stdout');
      finish('stderr');
    },
  };
}

function cut(text: string): string {
  return text.length <= limits.logLineLength ? text : `${text.slice(0, limits.logLineLength - 1)}…`;
}

/** Keeps the newest lines that fit, dropping older ones as it goes. */
function createTail({ tail, budget = limits.messageLength / 2 }: TailOptions): { push(line: LogLine): void; lines(): LogLine[] } {
  const kept: { line: LogLine; size: number }[] = [];
  let size = 0;
  return {
    push(line) {
      const own = JSON.stringify(line).length + 1;
      kept.push({ line, size: own });
      size += own;
      while (kept.length > tail || size > budget) size -= kept.shift()?.size ?? size;
    },
    lines: () => kept.map((entry) => entry.line),
  };
}
