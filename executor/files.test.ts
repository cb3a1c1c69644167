import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeUnfinished, writeAtomically } from './files.ts';

describe('REL-07 files that a killed process has left half written', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockup-files-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('are removed wherever they are, and nothing else is', async () => {
    await mkdir(join(dir, 'journal'));
    await writeAtomically(join(dir, 'journal/dep_1.json'), '{}');
    await writeFile(join(dir, 'journal/dep_2.json.tmp'), '{"half":');
    await writeFile(join(dir, 'identity.json.tmp'), '');
    await removeUnfinished(dir);
    expect((await readdir(dir, { recursive: true })).sort()).toEqual(['journal', 'journal/dep_1.json']);
  });
});
