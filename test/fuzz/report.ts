import type { Report } from './run.ts';
import { printTally } from './table.ts';

/** MB by which its processes may have grown: workerd takes 250 before it begins to collect, and no more in ten times as many requests. */
const growth = 500;

export function isClean({ findings, unreached, isWell, memory: [before, after] }: Report): boolean {
  return findings.length === 0 && unreached.length === 0 && isWell && after - before < growth;
}

export function printReport({ sent, tally, findings, unreached, isWell, memory: [before, after] }: Report): string[] {
  return [
    ...printTally(tally),
    `requests ${sent}, findings ${findings.length}`,
    `not got through to: ${unreached.join(', ') || 'none'}`,
    `memory ${before.toFixed(0)} MB, at the end ${after.toFixed(0)} MB`,
    isWell ? 'it still answers' : 'IT DOES NOT ANSWER ANY MORE AS IT SHOULD',
  ];
}
