import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readLivePid, removePidFile, writePidFile } from './pid-file.ts';

describe('a pid file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dockup-pid-'));
  const path = join(folder, 'run', 'x.pid');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('leads to the process that it was written for, until it is removed', () => {
    writePidFile(path, process.pid);
    expect(readLivePid(path)).toBe(process.pid);
    removePidFile(path);
    expect(readLivePid(path)).toBeUndefined();
  });

  test('does not lead to a stranger who has the same number by now', () => {
    writeFileSync(path, `${process.pid} 12\n`);
    expect(readLivePid(path)).toBeUndefined();
  });

  test.each(['', 'nonsense', '999999999 5', '1'])('does not lead anywhere when it holds "%s"', (content) => {
    writeFileSync(path, content);
    expect(readLivePid(path)).toBeUndefined();
  });
});
