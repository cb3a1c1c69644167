/** A run: every operation of every document in turn, again and again, several at once, until as many requests have been sent as were asked for. */
import fc from 'fast-check';
import type { Host } from '../../scripts/local/settings.ts';
import { createRandom } from '../faults/random.ts';
import { residentMegabytes } from '../support/resident-memory.ts';
import { within } from '../support/within.ts';
import { createCheck } from './check.ts';
import { loadOperations, type Operation } from './documents.ts';
import { recipes } from './recipes.ts';
import { draftsOf, isHarmful, type Draft } from './requests.ts';
import { createSecrets } from './secrets.ts';
import { createClient, toCurl, type Message, type Reply } from './send.ts';
import { countReply, createTally, type Tally } from './table.ts';
import { openFuzzWorld, type FuzzWorld } from './world.ts';

export interface RunOptions {
  host: Host;
  seed: number;
  requests: number;
  /** Operations that are asked at once. */
  lanes?: number;
  /** Only these operations. */
  only?: readonly string[];
  /** As it is printed. */
  onFinding?(lines: readonly string[]): void;
}

export interface Finding {
  operation: string;
  what: string;
  /** Shrunk. */
  message: Message;
  reply: string;
}

export interface Report {
  sent: number;
  tally: Tally;
  findings: Finding[];
  /** Operations that nothing got through to, with no reason why. */
  unreached: string[];
  /** MB, soon after the start and at the end. */
  memory: [number, number];
  /** Whether it still answers, and knows its people. */
  isWell: boolean;
}

interface Turn {
  operation: Operation;
  drafts: fc.Arbitrary<Draft>;
  seed: number;
}

/** ms that a request takes at most, with what it is prepared by: a run says what it hangs on. */
const patience = 60_000;

/** Turns that an operation gets beside the run, where by then nothing has got through to it: whether something can is not left to luck. */
const furtherTurns = 8;

/** Requests of one operation before the next has its turn. What is not built yet, and so declares no success, has little to say. */
const turnOf = (operation: Operation) => (declaresSuccess(operation) ? 10 : 1);

export async function fuzz({ host, seed, requests, lanes = 6, only, onFinding }: RunOptions): Promise<Report> {
  const tally = createTally();
  const fuzzed = await openFuzzWorld({ host, onTransfer: (operation, status) => countReply(tally, operation, { status }) });
  try {
    const { plane } = fuzzed.world;
    const operations = (await loadOperations(async (path) => (await plane.request('GET', path)).body)).filter(({ id }) => only?.includes(id) !== false);
    const findings: Finding[] = [];
    const ask = createAsking(fuzzed, operations, tally);
    const withDrafts = operations.map((operation) => ({ operation, drafts: draftsOf(operation) }));
    const rounds = Math.ceil(requests / operations.reduce((sum, operation) => sum + turnOf(operation), 0));
    let sent = 0;
    const roundOf = (round: number) => createRandom(seed, round).shuffle(withDrafts).map((of, place) => ({ ...of, seed: createRandom(seed, round, place).below(2 ** 31) }));
    let begin = 0;
    let isBroken = false;

    async function takeTurns(turns: Turn[], most: number): Promise<void> {
      for (let next = turns.shift(); next !== undefined && sent < most && !isBroken; next = turns.shift()) {
        const { operation } = next;
        const finding = await takeTurn(next, async (draft) => {
          sent++;
          return ask(operation, draft, findings);
        });
        if (sent > requests / 10 && begin === 0) begin = await residentMegabytes(plane);
        if (finding === null) continue;
        findings.push(finding);
        onFinding?.([`FOUND ${finding.operation}: ${finding.what}`, `  ${toCurl(plane.url, finding.message)}`, `  ${finding.reply}`]);
      }
    }

    const runLanes = (turns: Turn[], most: number) =>
      Promise.all(
        Array.from({ length: lanes }, () =>
          takeTurns(turns, most).catch((error: unknown) => {
            isBroken = true;
            throw error;
          }),
        ),
      );
    const isUnreached = (operation: Operation) => isReachable(operation) && (tally.get(operation.id)?.through ?? 0) === 0;

    await runLanes(Array.from({ length: rounds }, (_round, round) => roundOf(round)).flat(), requests);
    for (let further = 0; further < furtherTurns && operations.some(isUnreached); further++) await runLanes(roundOf(rounds + further).filter(({ operation }) => isUnreached(operation)), Infinity);
    const unreached = operations.filter(isUnreached).map(({ id }) => id);
    return { sent, tally, findings, unreached, memory: [begin, await residentMegabytes(plane)], isWell: await isWell(fuzzed) };
  } finally {
    await fuzzed.stop();
  }
}

function isReachable(operation: Operation): boolean {
  return recipes[operation.id]?.unreachable === undefined && declaresSuccess(operation);
}

function declaresSuccess({ replies }: Operation): boolean {
  return [...replies.keys()].some((status) => status < 300);
}

async function isWell({ world: { plane, administrator, ann } }: FuzzWorld): Promise<boolean> {
  const asked = [plane.request('GET', '/api/v1/system/status', { token: null }), ...[administrator.session, administrator.key.text, ann.session, ann.key.text].map((token) => plane.request('GET', '/api/v1/auth/me', { token }))];
  return (await Promise.all(asked)).every(({ status }) => status === 200);
}

/** What is wrong with the smallest request that shows it; null: nothing. */
async function takeTurn({ operation, drafts, seed }: Turn, ask: (draft: Draft) => Promise<Answer>): Promise<Finding | null> {
  let last: Answer | undefined;
  const details = await fc.check(
    fc.asyncProperty(drafts, async (draft) => {
      const answer = await within(ask(draft), patience, () => `the end of ${operation.id}, asked for with ${JSON.stringify(draft).slice(0, 1_000)}`);
      if (answer.wrong.length === 0) return;
      last = answer;
      throw new Error(answer.wrong[0]);
    }),
    { seed, numRuns: turnOf(operation), interruptAfterTimeLimit: 60_000 },
  );
  if (!details.failed) return null;
  // Nothing that was answered: what prepares, or the run itself.
  if (last === undefined) throw new Error(`${operation.id} could not be asked`, { cause: details.errorInstance });
  return { operation: operation.id, what: last.wrong[0] ?? '', message: last.message, reply: last.reply };
}

interface Answer {
  wrong: string[];
  message: Message;
  reply: string;
}

type Asking = (operation: Operation, draft: Draft, known: readonly Finding[]) => Promise<Answer>;

function createAsking(fuzzed: FuzzWorld, operations: readonly Operation[], tally: Tally): Asking {
  const { things, world: { plane } } = fuzzed;
  const client = createClient(plane.url);
  const check = createCheck(operations);
  const findSecrets = createSecrets(fuzzed);

  return async (operation, draft, known) => {
    const message = await toMessage(fuzzed, operation, draft);
    let reply: Reply;
    try {
      reply = await client.send(message);
    } catch (error) {
      return { wrong: unknown([`there is no reply: ${error instanceof Error ? error.message : String(error)}`]), message, reply: '' };
    }
    countReply(tally, operation.id, reply);
    if (reply.status < 300) {
      things.learnFrom(reply.body.slice(0, 20_000), reply.headers.location);
      if (isHarmful(operation)) `${message.target}\n${message.body ?? ''}`.split(/[^\w-]+/).forEach((part) => things.forget(part));
    }
    const wrong = [...check(operation, message, reply), ...findSecrets({ operation: operation.id, persona: draft.persona, message }, reply)];
    return { wrong: unknown(wrong), message, reply: `${reply.status} ${reply.body.slice(0, 1_000)} ${reply.close === undefined ? '' : JSON.stringify(reply.close)}` };

    /** What has been found and shrunk is not found again. */
    function unknown(found: string[]): string[] {
      return found.filter((what) => !known.some((finding) => finding.operation === operation.id && finding.what === what));
    }
  };
}

async function toMessage(fuzzed: FuzzWorld, operation: Operation, { method, target, headers, body, persona, isSocket }: Draft): Promise<Message> {
  const text = JSON.stringify([target, body, headers]);
  // A login has nothing to prepare but the count of those before it.
  const isPrepared = text.includes('~prepared.') || text.includes('~ann.password~');
  const prepared = isPrepared ? ((await recipes[operation.id]?.prepare?.(fuzzed, operation.id)) ?? {}) : {};
  const resolve = (part: string) => fuzzed.things.resolve(part, prepared);
  const authorization = await fuzzed.authorization(persona, operation.document.name);
  return {
    method,
    target: resolve(target),
    headers: { ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, resolve(value)])), ...authorization },
    body: body === null ? null : resolve(body),
    isSocket,
  };
}
