/** Apps that write what a test tells them to, and readers of their logs. */
import { streamLogs } from '../../executor/handlers/logs.ts';
import { everyLine } from '../../executor/logs/filter.ts';
import { logEntry, logGap, type LogEntry, type LogFilter } from '../../shared/protocol/logs.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { images } from '../support/images.ts';
import { createReader, type StreamReader } from '../support/stream-reader.ts';
import type { HostFixture } from './host-fixture.ts';
import { makeSpec } from './spec.ts';

const worker: Partial<AppSpec> = { internal_port: null, health_check: { kind: 'started', interval: 10, timeout: 5, grace: 5 }, stop_timeout: 0, drain_timeout: 0 };

export function shell(script: string, change: Partial<AppSpec> = {}): AppSpec {
  return makeSpec({ ...worker, command: ['/bin/sh', '-c', script], ...change });
}

export function node(script: string, change: Partial<AppSpec> = {}): AppSpec {
  return makeSpec({ ...worker, image: images.node, command: ['/bin/node', '-e', script], ...change });
}

/** Deploys and waits until what it replaces is gone. */
export async function deployed(fixture: HostFixture, spec: AppSpec): Promise<string> {
  const { deployment, status } = await fixture.deploy(spec);
  if (status !== 'succeeded') throw new Error(`the deployment of ${spec.app} ${status}`);
  await fixture.deployments.settled(spec.app);
  return deployment;
}

const { signal } = new AbortController();

export async function readLog(fixture: Pick<HostFixture, 'handlers'>, app: string, filter: Partial<LogFilter> = {}, tail = 5000): Promise<LogEntry[]> {
  return (await fixture.handlers.logs({ app, tail, filter: { ...everyLine, ...filter } }, signal)).lines;
}

export const texts = (lines: readonly LogEntry[]): string[] => lines.map((line) => line.text);

export interface LogReader extends StreamReader {
  entries(): LogEntry[];
  dropped(): number;
  /** As if its reader had said that what was written by now is all it wants. */
  finish(): void;
  /** What the stream ended with. */
  end: Promise<unknown>;
}

export function follow(fixture: Pick<HostFixture, 'host'>, app: string, options: { filter?: Partial<LogFilter>; tail?: number | null; room?: number } = {}): LogReader {
  const { filter = {}, tail = null, room = 100_000_000 } = options;
  const reader = createReader({ room });
  const gaps = () => reader.lines().flatMap((line) => (line.startsWith('{"dropped"') ? [logGap.parse(JSON.parse(line)).dropped] : []));
  return {
    ...reader,
    entries: () => reader.lines().flatMap((line) => (line.startsWith('{"dropped"') ? [] : [logEntry.parse(JSON.parse(line))])),
    finish: () => reader.stream.receiveEnd(),
    dropped: () => gaps().reduce((sum, lines) => sum + lines, 0),
    end: streamLogs(fixture)({ app, filter: { ...everyLine, ...filter }, tail }, reader.stream).catch((error: unknown) => error),
  };
}
