/** docker-compose.yml says of every service what keeps it running and how its health is told, and holds no secret. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram } from '../../scripts/setup/programs.ts';
import { root } from '../../scripts/local/settings.ts';
import { run } from '../../scripts/setup/run.ts';

test('docker-compose.yml is sound, from official images, every service restarted and watched', async () => {
  const compose = (await findProgram('docker-compose')) ?? 'docker-compose';
  const text = await run(compose, ['--profile', 'tls', '--file', join(root, 'docker-compose.yml'), 'config'], { cwd: root, env: { PATH: process.env['PATH'] } });
  // YAML with keys in a fixed order; what is looked at is read line by line, without a parser of its own.
  expect(text.match(/^ {2}\w+:$/gm)?.map((line) => line.trim())).toEqual(expect.arrayContaining(['caddy:', 'dockup:', 'executor:', 'haproxy:']));
  expect(text.match(/^ {4}image: .*$/gm)?.map((line) => line.trim())).toEqual(['image: caddy:2', 'image: dockup:local', 'image: dockup:local', 'image: haproxy:2.6']);
  expect(text.match(/^ {4}restart: always$/gm)).toHaveLength(4);
  expect(text.match(/^ {4}healthcheck:$/gm)).toHaveLength(4);
});

test('the image of Dockup holds no secret and no test', async () => {
  const [dockerfile, ignore] = await Promise.all(['Dockerfile', '.dockerignore'].map((name) => readFile(join(root, name), 'utf8')));
  expect(dockerfile).not.toMatch(/SECRET|TOKEN|PASSWORD|_KEY/);
  expect(ignore?.split('\n')[0]).toBe('*');
  expect(ignore).not.toMatch(/^!(test|\.dockup)/m);
});
