/** The Worker as it would be uploaded to Cloudflare; it can be built without an account. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../scripts/local/settings.ts';
import { run } from '../../scripts/setup/run.ts';

/** Bytes of the gzipped scripts of `wrangler deploy --dry-run`, and what it printed. */
export async function measureBundle(): Promise<{ bytes: number; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-bundle-'));
  try {
    const env = { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder };
    const output = await run(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--dry-run', '--minify', '--outdir', join(folder, 'out')], { cwd: root, env });
    const scripts = (await readdir(join(folder, 'out'))).filter((name) => name.endsWith('.js'));
    const sizes = await Promise.all(scripts.map(async (name) => gzipSync(await readFile(join(folder, 'out', name))).length));
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
