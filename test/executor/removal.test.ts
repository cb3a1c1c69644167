/** Taking a system away from the real engine, which others use as well. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { expect, it } from 'vitest';
import { Journal } from '../../executor/journal.ts';
import { createLog } from '../../executor/log.ts';
import { removeSystem } from '../../scripts/local/removal.ts';
import { readSettings } from '../../scripts/local/settings.ts';
import { keptImage } from '../../shared/names.ts';
import { ensureImages, images } from '../support/images.ts';
import { docker } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

/** An image that has no other name. */
async function commitAs(name: string): Promise<void> {
  const container = await docker.createContainer({ Image: images.busybox });
  const [repo, tag] = name.split(':');
  await container.commit({ repo, tag });
  await container.remove();
}

it('goes on when a container of somebody else uses an image that was kept for a rollback', async () => {
  await ensureImages();
  const dir = await mkdtemp(join(tmpdir(), 'dockup-removal-'));
  const settings = readSettings({ DOCKUP_DATA_DIR: dir, DOCKUP_EXECUTOR_DIR: join(dir, 'executor') }, 'embedded');
  const journal = await Journal.open(join(settings.executorDir, 'journal'), createLog(() => undefined));
  const spec = makeSpec();
  const [used, unused] = [makeId('deployment'), makeId('deployment')];
  for (const [index, deployment] of [used, unused].entries()) {
    await journal.accept(deployment, spec, index);
    await commitAs(keptImage(spec.slug, deployment));
  }
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  await writeFile(join(settings.executorDir, 'identity.json'), JSON.stringify({ server_id: makeId('server'), api_url: 'http://localhost', private_key: await exportJWK(privateKey) }));
  const foreign = await docker.createContainer({ Image: keptImage(spec.slug, used) });
  try {
    await removeSystem(settings, { keepData: false, say: () => undefined });
    expect(existsSync(dir)).toBe(false);
    await expect(docker.getImage(keptImage(spec.slug, unused)).inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect(await foreign.inspect()).toMatchObject({ Config: { Image: keptImage(spec.slug, used) } });
  } finally {
    await foreign.remove();
    await docker.getImage(keptImage(spec.slug, used)).remove();
  }
});
