/** The tag of an uploaded image, which the settings of its app go on naming, on the real engine. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keptImage } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages, images } from '../support/images.ts';
import { docker, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
});
afterAll(() => fixture.close());

const tagsOf = async (slug: string) => (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(`dockup/${slug}:`));

async function deployed(spec: AppSpec, id = makeId('deployment')): Promise<string> {
  expect(await fixture.deploy(spec, id)).toMatchObject({ status: 'succeeded' });
  await fixture.deployments.settled(spec.app);
  return id;
}

const makeApp = () => makeSpec({ internal_port: null, stop_timeout: 0, drain_timeout: 0, health_check: { kind: 'started', interval: 10, timeout: 5, grace: 5 } });

/** Deploys an image that was loaded for this deployment, as `load_image` leaves it. Answers its tag. */
async function upload(spec: AppSpec): Promise<string> {
  const id = makeId('deployment');
  const image = keptImage(spec.slug, id);
  await docker.getImage(images.busybox).tag({ repo: `dockup/${spec.slug}`, tag: id });
  await deployed({ ...spec, image, pull_policy: 'never' }, id);
  return image;
}

it('the newest upload is there however many deployments of other images came since, and is deployed again', async () => {
  const spec = makeApp();
  const image = await upload(spec);
  for (let i = 0; i < 4; i++) await deployed(spec);
  expect(await tagsOf(spec.slug)).toContain(image);
  await deployed({ ...spec, image, pull_policy: 'never' });
});

it('an earlier upload stays while a deployment is kept that was made from it, and no longer', async () => {
  const spec = makeApp();
  const image = await upload(spec);
  await deployed({ ...spec, image, pull_policy: 'never' });
  await upload(spec);
  for (let i = 0; i < 2; i++) await deployed(spec);
  expect(await tagsOf(spec.slug)).toContain(image);
  await deployed(spec);
  expect(await tagsOf(spec.slug)).not.toContain(image);
});

it('an upload whose deployment has failed stays, to be deployed with other settings, until the next one comes', async () => {
  const spec = makeApp();
  const serving = await upload(spec);
  const fail = async () => {
    const id = makeId('deployment');
    await docker.getImage(images.busybox).tag({ repo: `dockup/${spec.slug}`, tag: id });
    const image = keptImage(spec.slug, id);
    expect(await fixture.deploy({ ...spec, image, pull_policy: 'never', command: ['/no/such/file'] }, id)).toMatchObject({ status: 'failed' });
    await fixture.deployments.settled(spec.app);
    return image;
  };
  const first = await fail();
  expect((await tagsOf(spec.slug)).sort()).toEqual([serving, first].sort());
  const second = await fail();
  expect((await tagsOf(spec.slug)).sort()).toEqual([serving, second].sort());
  await deployed({ ...spec, image: second, pull_policy: 'never' });
});
