/**
 * Recorded sessions of the link: what an executor and a hub of one version of the protocol have really said to each other, and the schemas by which each of
 * them read the other. They stand for ends of that version when a later one is tested (REL-22), so they are never recorded again once the version is out.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { calls } from '../../shared/protocol/calls.ts';
import { executorMessage, hubMessage, type ExecutorMessage, type HubMessage } from '../../shared/protocol/messages.ts';
import { streamKinds } from '../../shared/protocol/streams.ts';

/** Who has said it; `frame` is a binary message in hex. */
export type Entry = { from: 'executor'; message: ExecutorMessage } | { from: 'hub'; message: HubMessage } | { from: 'executor' | 'hub'; frame: string };

/** What was said while one step of the scenario was done. */
export interface RecordedStep {
  step: string;
  entries: Entry[];
}

export interface Recording {
  protocol: number;
  steps: RecordedStep[];
  schemas: Schemas;
}

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

/** What an end of that version takes: of the other end, in calls, in streams. */
interface Schemas {
  executor: JsonSchema;
  hub: JsonSchema;
  calls: Record<string, { params: JsonSchema; result: JsonSchema }>;
  streams: Record<string, { params: JsonSchema }>;
}

const pathOf = (protocol: number, part: string) => join(import.meta.dirname, `protocol-${protocol}.${part}`);

export async function readRecording(protocol: number): Promise<Recording> {
  const lines = (await readFile(pathOf(protocol, 'session.jsonl'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as Entry | { step: string });
  const steps: RecordedStep[] = [];
  for (const line of lines) {
    if ('step' in line) steps.push({ step: line.step, entries: [] });
    else steps.at(-1)?.entries.push(line);
  }
  return { protocol, steps, schemas: JSON.parse(await readFile(pathOf(protocol, 'schemas.json'), 'utf8')) as Schemas };
}

/** Writes the session, and the schemas as they are now. */
export async function writeRecording(protocol: number, steps: readonly RecordedStep[]): Promise<void> {
  const lines = steps.flatMap(({ step, entries }) => [{ step }, ...entries]).map((line) => `${JSON.stringify(line)}\n`);
  await writeFile(pathOf(protocol, 'session.jsonl'), lines.join(''));
  await writeFile(pathOf(protocol, 'schemas.json'), `${JSON.stringify(describeSchemas(), null, 1)}\n`);
}

function describeSchemas(): Schemas {
  const describe = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' });
  const table = Object.entries<{ params: z.ZodType; result: z.ZodType }>(calls).map(([method, { params, result }]) => [method, { params: describe(params), result: describe(result) }]);
  const kinds = Object.entries<{ params: z.ZodType }>(streamKinds).map(([kind, { params }]) => [kind, { params: describe(params) }]);
  return { executor: describe(executorMessage), hub: describe(hubMessage), calls: Object.fromEntries(table), streams: Object.fromEntries(kinds) };
}
