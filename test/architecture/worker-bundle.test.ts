import { expect, test } from 'vitest';
import { measureBundle } from '../support/worker-bundle.ts';

const megabyte = 1024 * 1024;

test('wrangler.toml deploys the edge host, in at most 1 MB gzipped', async () => {
  const { bytes, output } = await measureBundle();
  expect(output).toContain('env.HUB');
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(megabyte);
});
