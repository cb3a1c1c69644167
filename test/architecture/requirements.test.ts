/** Every requirement of security and reliability is cited by the title of a test, or docs/operating.md says why it cannot be yet. */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/local/settings.ts';

const numbered = (prefix: string, last: number) => Array.from({ length: last }, (_, index) => `${prefix}-${String(index + 1).padStart(2, '0')}`);
const requirements = [...numbered('SEC', 22), ...numbered('REL', 25)];

/** Titles of tests and of groups, and the rows of tables that titles are made of: strings that begin or go on with requirements. */
async function citedInTests(): Promise<Set<string>> {
  const cited = new Set<string>();
  for await (const path of glob('{test,shared,worker,executor,scripts,migrations}/**/*.ts', { cwd: root })) {
    if (!path.startsWith('test/') && !path.endsWith('.test.ts')) continue;
    for (const [, title = ''] of (await readFile(join(root, path), 'utf8')).matchAll(/['"`]((?:(?:SEC|REL)-\d\d[, ]+)+)/g)) {
      for (const [id] of title.matchAll(/(?:SEC|REL)-\d\d/g)) cited.add(id);
    }
  }
  return cited;
}

/** The table below the heading `Requirements that wait`: `| SEC-10 | why |`. */
async function waiting(): Promise<string[]> {
  const text = await readFile(join(root, 'docs/operating.md'), 'utf8');
  const [, section = ''] = text.split('### Requirements that wait');
  return [...section.matchAll(/^\| ((?:SEC|REL)-\d\d) \| \S.+ \|$/gm)].map(([, id = '']) => id);
}

test('every requirement is cited by a test or is listed with the reason why it waits, and none is both', async () => {
  const [cited, listed] = [await citedInTests(), await waiting()];
  expect(requirements.filter((id) => !cited.has(id))).toEqual(requirements.filter((id) => listed.includes(id)));
});
