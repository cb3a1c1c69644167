/** SEC-04: what one tenant has uploaded is not run by another one, under whatever name the engine would find it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { keptImage, labels } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { images } from '../support/images.ts';
import { docker, useHostFixture, type HostFixture } from './host-fixture.ts';
import { makeSpec } from './spec.ts';

let fixture: HostFixture;
useHostFixture((opened) => (fixture = opened));

const makeApp = (change: Partial<AppSpec> = {}) => makeSpec({ internal_port: null, stop_timeout: 0, drain_timeout: 0, health_check: { kind: 'started', interval: 10, timeout: 5, grace: 5 }, ...change });

async function deployed(spec: AppSpec): Promise<string> {
  const { status, deployment } = await fixture.deploy(spec);
  expect(status).toBe('succeeded');
  await fixture.deployments.settled(spec.app);
  return deployment;
}

describe('SEC-04 the image of another app', () => {
  let owned: string;
  let id: string;
  beforeAll(async () => {
    const spec = makeApp();
    owned = keptImage(spec.slug, await deployed(spec));
    id = (await docker.getImage(owned).inspect()).Id;
  });

  const aliases: [string, () => string][] = [
    ['its name', () => owned],
    ['its name at docker.io', () => `docker.io/${owned}`],
    ['its name at index.docker.io', () => `index.docker.io/${owned}`],
    ['its name with a registry in capitals', () => `Docker.io/${owned}`],
    ['its id', () => id],
    ['its id without the algorithm', () => id.slice('sha256:'.length)],
    ['the beginning of its id', () => id.slice('sha256:'.length, 'sha256:'.length + 12)],
    ['four digits of its id', () => id.slice('sha256:'.length, 'sha256:'.length + 4)],
    ['its id as a digest', () => `busybox@${id}`],
    ['its name and its id as a digest', () => `docker.io/${owned.slice(0, owned.indexOf(':'))}@${id}`],
  ];
  it.each(aliases)('does not run for who names it by %s', async (_name, image) => {
    const thief = makeApp({ image: image() });
    expect(await fixture.deploy(thief)).toMatchObject({ status: 'failed', failure: { code: 'image_not_found' } });
    expect((await fixture.containers()).filter(({ Labels }) => Labels[labels.app] === thief.app)).toEqual([]);
  });

  it('does not run either where a missing image would be pulled', async () => {
    const thief = makeApp({ image: id.slice('sha256:'.length, 'sha256:'.length + 4), pull_policy: 'missing' });
    expect(await fixture.deploy(thief)).toMatchObject({ status: 'failed', failure: { phase: 'pull' } });
  });

  it('has nothing to do with an image whose name happens to be written in hexadecimal digits', async () => {
    await docker.getImage(images.busybox).tag({ repo: 'cafe', tag: 'latest' });
    try {
      for (const image of ['cafe', 'cafe:latest', 'docker.io/library/cafe']) expect(await fixture.deploy(makeApp({ image }))).toMatchObject({ status: 'succeeded' });
    } finally {
      await docker.getImage('cafe:latest').remove();
    }
  });

  it('is one that the app itself may also name in full', async () => {
    const spec = makeApp();
    const first = await deployed(spec);
    expect(await fixture.deploy({ ...spec, image: `docker.io/${keptImage(spec.slug, first)}` })).toMatchObject({ status: 'succeeded' });
  });
});
