/**
 * The layers of the tests, each a project that runs alone (`npm test -- --project unit`). By their group one project runs after the other: two cores and one Docker engine are
 * shared by all.
 */
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { workerBindings } from './test/support/worker-bindings.ts';

/** What is waited for takes as long as it takes where the machine has other work: the default of 1 s is for a page. */
const patient = { expect: { poll: { timeout: 20_000 } } };
const slow = { testTimeout: 120_000, hookTimeout: 180_000, ...patient };

/** One file at a time, after every project of a lower group. */
function serial(group: number) {
  return { fileParallelism: false, sequence: { groupOrder: group }, ...slow };
}

/** Two files at a time: they wait for containers most of the time, and each has a server of its own on the engine. */
function inPairs(group: number) {
  return { maxWorkers: 2, sequence: { groupOrder: group }, ...slow };
}

function endToEnd(host: 'embedded' | 'edge'): TestProjectInlineConfiguration {
  return { test: { name: `e2e-${host}`, include: ['test/e2e/**/*.test.ts'], provide: { host }, ...inPairs(6) } };
}

const projects: TestProjectInlineConfiguration[] = [
  { test: { name: 'unit', testTimeout: 30_000, ...patient, include: ['{shared,worker,executor,scripts,migrations}/**/*.test.ts'], sequence: { groupOrder: 1 } } },
  { test: { name: 'protocol', ...patient, include: ['test/{protocol,dokploy}/**/*.test.ts'], sequence: { groupOrder: 1 } } },
  { test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'], ...serial(2) } },
  {
    plugins: [
      cloudflareTest(({ inject }) => ({
        main: './worker/index.ts',
        wrangler: { configPath: './wrangler.toml' },
        miniflare: { bindings: workerBindings(inject('database')) },
      })),
    ],
    test: { name: 'worker', include: ['test/worker/**/*.test.ts'], globalSetup: ['test/support/worker-database.ts'], ...serial(3) },
  },
  // A sample: all of it, on either host, is `npm run test:fuzz`.
  { test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], ...serial(4) } },
  { test: { name: 'executor', include: ['test/executor/**/*.test.ts'], ...inPairs(5) } },
  endToEnd('embedded'),
  endToEnd('edge'),
  { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], provide: { host: 'embedded' }, ...serial(7) } },
  // A sample: all of it, on either host, is `npm run test:faults`.
  { test: { name: 'faults', include: ['test/faults/**/*.test.ts'], provide: { host: 'embedded' }, ...serial(8) } },
];

export default defineConfig({ test: { projects, passWithNoTests: false } });
