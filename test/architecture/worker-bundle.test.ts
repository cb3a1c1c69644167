/** What would be uploaded to Cloudflare: it can be built without an account, and it is small. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { root } from '../../scripts/local/settings.ts';
import { run } from '../../scripts/setup/run.ts';

const megabyte = 1024 * 1024;

test('wrangler.toml deploys the edge host, in at most 1 MB gzipped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-bundle-'));
  try {
    const env = { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder };
    const output = await run(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--dry-run', '--outdir', join(folder, 'out')], { cwd: root, env });
    expect(output).toContain('env.HUB');

    const scripts = (await readdir(join(folder, 'out'))).filter((name) => name.endsWith('.js'));
    expect(scripts).not.toEqual([]);
    const sizes = await Promise.all(scripts.map(async (name) => gzipSync(await readFile(join(folder, 'out', name))).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(megabyte);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
