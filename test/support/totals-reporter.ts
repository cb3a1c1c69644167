/** Counts the tests of all projects into a file, for the last line of `npm test`. */
import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export interface Totals {
  passed: number;
  failed: number;
}

export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const totals: Totals = { passed: 0, failed: unhandled.length };
    for (const module of modules) {
      // A file that could not be loaded, or whose hooks failed, has no tests to tell it.
      totals.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') totals.passed += 1;
        else totals.failed += 1;
      }
      for (const suite of module.children.allSuites()) totals.failed += suite.errors().length;
    }
    const path = process.env['DOCKUP_TEST_TOTALS'];
    if (path !== undefined) writeFileSync(path, JSON.stringify(totals));
  }
}
