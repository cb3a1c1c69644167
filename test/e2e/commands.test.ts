/** The two commands of the README as a person types them: `npm start`, a signal, and `npm run down`. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { loadIdentity } from '../../executor/identity.ts';
import { findFreePort } from '../../scripts/local/ports.ts';
import { root } from '../../scripts/local/settings.ts';
import { findLeftovers } from '../support/leftovers.ts';

describe('npm start and npm run down', () => {
  let dataDir: string;
  let env: NodeJS.ProcessEnv;
  const flags = inject('host') === 'edge' ? ['--', '--edge'] : [];
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'dockup-npm-'));
    env = { ...process.env, PORT: String(await findFreePort()), DOCKUP_HTTP_PORT: String(await findFreePort()), DOCKUP_DATA_DIR: dataDir, DOCKUP_NETWORK_POOL: '10.231.0.0/24' };
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  test('a signal to npm ends API and executor within 10 s', async () => {
    const npm = spawn('npm', ['start', ...flags], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    npm.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await expect.poll(() => output, { timeout: 60_000 }).toContain(`Dockup is ready at http://localhost:${env['PORT']}`);

    const began = performance.now();
    npm.kill('SIGTERM');
    await once(npm, 'close');
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(output).toContain('Stopping API and executor; apps and routing keep serving.');
    await expect(fetch(`http://localhost:${env['PORT']}/`)).rejects.toThrow('fetch failed');
  });

  test('a port that is taken is named, with the variable that chooses another one', async () => {
    const squatter = createServer().listen(Number(env['PORT']), '0.0.0.0');
    await once(squatter, 'listening');
    const refused = spawnSync(process.execPath, [join(root, 'scripts/start.ts'), ...flags.slice(1)], { env, encoding: 'utf8' });
    squatter.close();
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`Port ${env['PORT']} is taken`);
    expect(refused.stderr).toContain('PORT=');
  });

  test('a directory of the other host is refused before anything is touched', () => {
    const other = spawnSync(process.execPath, [join(root, 'scripts/start.ts'), ...(flags.length > 0 ? [] : ['--edge'])], { env, encoding: 'utf8' });
    expect(other.status).toBe(1);
    expect(other.stderr).toContain(`Give each host its own directory: DOCKUP_DATA_DIR=${dataDir}-`);
  });

  test('npm run down takes everything away, says what, and can be run twice', async () => {
    const identity = await loadIdentity(join(dataDir, 'executor'));
    const down = () => spawnSync('npm', ['run', 'down'], { cwd: root, env, encoding: 'utf8' });
    const first = down();
    expect(first.stderr).not.toMatch(/error/i);
    expect(first.stdout).toMatch(/removing container dockup-proxy-/);
    expect(first.stdout).toContain(`removed ${dataDir}`);
    expect(existsSync(dataDir)).toBe(false);
    expect(await findLeftovers({ serverId: identity?.serverId ?? '', dataDir, images: [] })).toEqual([]);
    expect(down().status).toBe(0);
  });
});
