/** Dokploy's own command line, as released: each call a process of its own, in an empty folder, because it reads `.env` of the one it is started in. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

const program = createRequire(import.meta.url).resolve('@dokploy/cli');

export async function runCli({ url, credentials }: ControlPlane, args: readonly string[], key = credentials.api_key): Promise<CliResult> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-dokploy-cli-'));
  try {
    const child = spawn(process.execPath, [program, ...args], { cwd: folder, env: { DOKPLOY_URL: url, DOKPLOY_API_KEY: key }, stdio: ['ignore', 'pipe', 'pipe'] });
    const result: CliResult = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    result.code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What it prints of a call that has to be well. */
export async function expectCli<T = Record<string, unknown>>(plane: ControlPlane, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runCli(plane, [...args, '--json']);
  if (code !== 0) throw new Error(`dokploy ${args.join(' ')}: ${code} ${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}
