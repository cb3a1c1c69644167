/** A sample of the fuzz run, small enough for every `npm test`. All of it: `npm run test:fuzz`. */
import { expect, test, vi } from 'vitest';
import type { Host } from '../../scripts/local/settings.ts';
import { isClean, printReport } from './report.ts';
import { fuzz } from './run.ts';

const seed = 1;

export function testSample(host: Host, requests: number): void {
  vi.setConfig({ testTimeout: 600_000 });

  test(`${requests} requests made from the documents of the ${host} host: no 5xx of its own, every reply as declared, no secret (SEC-11), nobody else's things (SEC-03)`, async () => {
    const found: string[] = [];
    const report = await fuzz({ host, seed, requests, onFinding: (lines) => found.push(...lines) });
    const printed = printReport(report);
    process.stdout.write(`${host} host, seed ${seed}\n${printed.join('\n')}\n`);
    expect(found.join('\n')).toBe('');
    expect(isClean(report), printed.join('\n')).toBe(true);
    expect(report.sent).toBeGreaterThanOrEqual(requests);
  });
}
