import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../scripts/setup/programs.ts';
import { run } from '../../scripts/setup/run.ts';

/** Opens the page in headless Chromium and answers the document as it is after its scripts and styles were loaded. */
export async function openPage(url: string): Promise<string> {
  const profile = await mkdtemp(join(tmpdir(), 'dockup-browser-'));
  try {
    return await run((await findProgram('chromium')) ?? 'chromium', [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      `--user-data-dir=${profile}`, '--virtual-time-budget=5000', '--dump-dom', url,
    ]);
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}
