import { isWell, type RunReport } from './run.ts';

/** Names and figures, as they are printed. */
export function summarise(reports: readonly RunReport[]): [string, string][] {
  const sum = (count: (report: RunReport) => number) => reports.reduce((total, report) => total + count(report), 0);
  const slowest = Math.max(0, ...reports.map(({ settledAfter }) => settledAfter));
  return [
    ['runs', String(reports.length)],
    ['faults injected', String(sum(({ faults }) => faults))],
    ['operations finished', String(sum(({ finished }) => finished))],
    ['rolled back', String(sum(({ rolledBack }) => rolledBack))],
    ['resumed', String(sum(({ resumed }) => resumed))],
    ['orphans', String(sum(({ orphans }) => orphans.length))],
    ['lost acknowledged operations', String(sum(({ lost }) => lost.length))],
    ['double effects', String(sum(({ doubles }) => doubles.length))],
    ['failed user requests meanwhile', `${sum(({ failedRequests }) => failedRequests.length)} of ${sum(({ requests }) => requests)}`],
    ['other things that were wrong', String(sum(({ problems }) => problems.length))],
    ['longest time to settle', `${(slowest / 1000).toFixed(1)} s`],
    ['runs that failed', reports.filter((report) => !isWell(report)).map(({ run }) => run.index).join(' ') || '0'],
  ];
}
