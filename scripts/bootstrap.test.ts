import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describe('bootstrap', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockup-bootstrap-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function start(source: string, args: string[] = []) {
    const script = join(folder, 'script.ts');
    await writeFile(script, source);
    return spawn(process.execPath, [join(import.meta.dirname, 'bootstrap.mjs'), script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  test('runs TypeScript with its arguments, on a Node that needs no build step, and ends with its exit code', async () => {
    const child = await start(`const words: string[] = process.argv.slice(2); console.log(process.versions.node, ...words); process.exit(7);`, ['a b', '--flag']);
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(output).toMatch(/^2[4-9]\.\d+\.\d+ a b --flag\n$/);
    expect(code).toBe(7);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on once, and waits for the script to end', async (signal) => {
    const child = await start(`let count = 0; process.on('${signal}', () => { count += 1; setTimeout(() => { console.log('got', count); process.exit(3); }, 200); }); setInterval(() => {}, 1000); console.log('up');`);
    const output = text(child.stdout);
    await once(child.stdout, 'readable');
    child.kill(signal);
    const [code] = await once(child, 'exit');
    expect(await output).toBe('up\ngot 1\n');
    expect(code).toBe(3);
  });
});
