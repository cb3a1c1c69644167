/** Every import rule of the design bites: snippets in a copy of the folders, linted with the project's own configuration. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/local/settings.ts';

/** File, what it holds, and the rule that refuses it; null: allowed. */
const cases: [file: string, line: string, rule: string | null][] = [
  ['shared/a01.ts', `import { z } from 'zod';\nexport const used = z;`, null],
  ['shared/a02.ts', `import { used } from './names.ts';\nexport const b = used;`, null],
  ['shared/a03.ts', `import { readFile } from 'node:fs';\nexport const b = readFile;`, 'no-restricted-imports'],
  ['shared/a04.ts', `import { Hono } from 'hono';\nexport const b = Hono;`, 'no-restricted-imports'],
  ['shared/a05.ts', `import { a } from '../worker/config.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['shared/a06.ts', `import { a } from '../executor/config.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/routes/b01.ts', `import { a } from '../services/apps.ts';\nexport const b = a;`, null],
  ['worker/routes/b02.ts', `import { a } from '../store/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/routes/b03.ts', `import { a } from '../hub/hub.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/routes/b04.ts', `import { eq } from 'drizzle-orm';\nexport const b = eq;`, 'no-restricted-imports'],
  ['worker/routes/b05.ts', `import { createClient } from '@libsql/client/web';\nexport const b = createClient;`, 'no-restricted-imports'],
  ['worker/routes/b06.ts', `import { a } from '../config.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/dokploy/b07.ts', `import { a } from '../store/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/dokploy/rows/b09.ts', `import type { A } from '../../store/schema.ts';\nexport const b = (a: A) => a;`, null],
  ['worker/dokploy/rows/b10.ts', `import { a } from '../../store/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/mcp/b08.ts', `import { a } from '../store/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/services/c01.ts', `import { a } from '../store/apps.ts';\nexport const b = a;`, null],
  ['worker/services/c02.ts', `import { Hono } from 'hono';\nexport const b = Hono;`, 'no-restricted-imports'],
  ['worker/services/c03.ts', `import { a } from '../routes/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/services/c04.ts', `import { a } from '../hub/hub.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/services/c05.ts', `import { randomBytes } from 'node:crypto';\nexport const b = randomBytes;`, 'no-restricted-imports'],
  ['worker/services/c06.ts', `import { env } from 'cloudflare:workers';\nexport const b = env;`, 'no-restricted-imports'],
  ['worker/store/d01.ts', `import { eq } from 'drizzle-orm';\nimport { a } from '../../shared/names.ts';\nimport { s } from './schema.ts';\nexport const b = [a, eq, s];`, null],
  ['worker/store/d02.ts', `import { a } from '../services/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/store/d03.ts', `import { Hono } from 'hono';\nexport const b = Hono;`, 'no-restricted-imports'],
  ['worker/store/d04.ts', `import { a } from '../../executor/config.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/hub/e01.ts', `import { a } from '../services/ingest.ts';\nimport { c } from '../../shared/protocol/messages.ts';\nexport const b = [a, c];`, null],
  ['worker/hub/e02.ts', `import { a } from '../store/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/hub/e03.ts', `import { a } from '../routes/apps.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/hub/e04.ts', `import { eq } from 'drizzle-orm';\nexport const b = eq;`, 'no-restricted-imports'],
  ['worker/f01.ts', `import { a } from '../executor/config.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['worker/f02.ts', `import { a } from '../test/support/dockup.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['executor/handlers/g01.ts', `import { a } from '../deploy/plan.ts';\nexport const b = a;`, null],
  ['executor/handlers/g02.ts', `import { WebSocket } from 'ws';\nexport const b = WebSocket;`, 'no-restricted-imports'],
  ['executor/g03.ts', `import { a } from '../worker/config.ts';\nexport const b = a;`, 'no-restricted-imports'],
  ['executor/g04.ts', `import { exec } from 'node:child_process';\nexport const b = exec;`, 'no-restricted-imports'],
  ['executor/g05.ts', `import { execSync } from 'child_process';\nexport const b = execSync;`, 'no-restricted-imports'],
  ['executor/g06.ts', `import { spawn } from 'node:child_process';\nexport const b = spawn;`, null],
  ['scripts/h01.ts', `import { exec } from 'node:child_process';\nexport const b = exec;`, 'no-restricted-imports'],
  ['shared/i01.ts', `export const b = (value: any) => value;`, 'no-explicit-any'],
  ['executor/i02.ts', `console.log('hello');\nexport const b = 1;`, 'no-console'],
  ['scripts/i03.ts', `console.log('hello');\nexport const b = 1;`, null],
  ['executor/j01.ts', `import { b } from './j02.ts';\nexport const a = () => b;`, 'no-cycle'],
  ['executor/j02.ts', `import { a } from './j01.ts';\nexport const b = () => a;`, 'no-cycle'],
];

describe('who may import whom', () => {
  let folder: string;
  let findings: Map<string, Set<string>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockup-lint-'));
    await copyFile(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    for (const [file, line] of cases) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), `${line}\n`);
    }
    findings = lint(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(cases)('%s: %s', (file, _line, rule) => {
    expect([...(findings.get(file) ?? [])]).toEqual(rule === null ? [] : [rule]);
  });
});

/** Rules that complained, by file. */
function lint(folder: string): Map<string, Set<string>> {
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format=json'], { cwd: folder, encoding: 'utf8' });
  const report = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  const findings = new Map<string, Set<string>>();
  for (const { code, filename } of report.diagnostics) {
    findings.set(filename, (findings.get(filename) ?? new Set()).add(/\(([\w-]+)\)/.exec(code)?.[1] ?? code));
  }
  return findings;
}
