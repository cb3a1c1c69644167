/** `npm run spec:lint`: the OpenAPI document as a running host serves it, through Redocly's recommended rules, warnings included. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '../worker/embedded/host.ts';
import { findFreePort } from './local/ports.ts';
import { root } from './local/settings.ts';
import { run } from './setup/run.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'dockup-spec-'));
const port = await findFreePort();
const host = await startHost({ ...process.env, PORT: String(port), DOCKUP_HOST: '127.0.0.1', DOCKUP_DATA_DIR: dataDir, DOCKUP_PUBLIC_URL: 'https://dockup.test' });
try {
  const document = join(dataDir, 'openapi.json');
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/openapi.json`);
  await writeFile(document, await response.text());
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  await run(process.execPath, [join(root, 'node_modules/@redocly/cli/bin/cli.js'), 'lint', document, `--config=${join(root, 'redocly.yaml')}`], { env });
  console.log('The OpenAPI document passes the linter.');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await host.stop();
  await rm(dataDir, { recursive: true, force: true });
}
