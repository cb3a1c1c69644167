/** `npm run spec:lint`: the OpenAPI documents as a running host serves them, through Redocly's recommended rules, warnings included. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '../worker/embedded/host.ts';
import { readCredentials } from './local/client.ts';
import { findFreePort } from './local/ports.ts';
import { root } from './local/settings.ts';
import { run } from './setup/run.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'dockup-spec-'));
const port = await findFreePort();
const host = await startHost({ ...process.env, PORT: String(port), DOCKUP_HOST: '127.0.0.1', DOCKUP_DATA_DIR: dataDir, DOCKUP_PUBLIC_URL: 'https://dockup.test' });
try {
  const { api_key: key } = await readCredentials(dataDir);
  const documents: [name: string, path: string][] = [['openapi', '/api/v1/openapi.json'], ['dokploy', '/api/settings.getOpenApiDocument']];
  const files: string[] = [];
  for (const [name, path] of documents) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${key}` } });
    if (!response.ok) throw new Error(`read ${path}: ${response.status} ${await response.text()}`);
    const file = join(dataDir, `${name}.json`);
    await writeFile(file, await response.text());
    files.push(file);
  }
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  await run(process.execPath, [join(root, 'node_modules/@redocly/cli/bin/cli.js'), 'lint', ...files, `--config=${join(root, 'redocly.yaml')}`], { env });
  console.log('Every OpenAPI document passes the linter.');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await host.stop();
  await rm(dataDir, { recursive: true, force: true });
}
