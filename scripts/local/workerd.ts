/**
 * The Worker in workerd, the runtime that a deployed one runs in: bundled as for a release and served by Miniflare, which `wrangler dev` is made of, but without the
 * second workerd that `wrangler dev` puts in front of it (every byte passed through both: docs/decisions/local-edge.md).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { run } from '../setup/run.ts';
import { root } from './settings.ts';

const config = join(root, 'wrangler.toml');
const minute = 60_000;

const { values } = parseArgs({ options: { ip: { type: 'string', default: '127.0.0.1' }, port: { type: 'string' }, 'env-file': { type: 'string' }, 'data-dir': { type: 'string' } } });
const { ip, port, 'env-file': envFile, 'data-dir': dataDir } = values;
if (port === undefined || envFile === undefined || dataDir === undefined) throw new Error('start workerd: --port, --env-file and --data-dir are needed');

const bundle = join(dataDir, 'bundle');
await run(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--dry-run', '--config', config, '--outdir', bundle]);

// Not the assets: Miniflare would put a Worker of its own in front that every byte passes. The binding reads the folder instead.
const { workerOptions: { assets: _assets, ...workerOptions } } = unstable_getMiniflareWorkerOptions(config);
// A file that has a name has its value.
const variables = parseEnv(await readFile(envFile, 'utf8')) as Record<string, string>;
const runtime = new Miniflare(
  convertV4MiniflareOptions({
    host: ip,
    port: Number(port),
    // Addresses may hold a token (SEC-01).
    logRequests: false,
    defaultPersistRoot: join(dataDir, 'v3'),
    workers: [{ ...workerOptions, name: 'dockup', modulesRoot: bundle, modules: [{ type: 'ESModule', path: join(bundle, 'index.js') }], bindings: variables, serviceBindings: { ASSETS: { disk: { path: join(root, 'worker/pages/assets'), writable: false } } } }],
  }),
);
await runtime.ready;

// What the cron trigger of wrangler.toml does on Cloudflare.
const worker = await runtime.getWorker();
const sweeping = setInterval(() => void worker.scheduled({ cron: '* * * * *' }).catch((error: unknown) => console.error('sweep failed', error)), minute);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    clearInterval(sweeping);
    void runtime.dispose().finally(() => process.exit(0));
  });
}
