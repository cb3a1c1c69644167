/** The Worker as it would be uploaded. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../scripts/local/settings.ts';
import { run } from '../scripts/setup/run.ts';
import type { Figure } from './table.ts';

/** Bytes of the gzipped scripts of `wrangler deploy --dry-run`. */
export async function measureBundle(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-bundle-'));
  try {
    const env = { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder };
    await run(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--dry-run', '--minify', '--outdir', join(folder, 'out')], { cwd: root, env });
    const scripts = (await readdir(join(folder, 'out'))).filter((name) => name.endsWith('.js'));
    const sizes = await Promise.all(scripts.map(async (name) => gzipSync(await readFile(join(folder, 'out', name))).length));
    return sizes.reduce((sum, size) => sum + size, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function benchBundle(): Promise<Figure> {
  const kilobytes = (await measureBundle()) / 1024;
  return { name: 'Worker bundle', measured: `${kilobytes.toFixed(0)} KB`, limit: '1024 KB', isMet: kilobytes <= 1024, note: 'wrangler deploy --dry-run --minify, gzipped' };
}
