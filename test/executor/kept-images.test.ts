/** Images kept for rollbacks, on the real engine. */
import { describe, expect, it } from 'vitest';
import { keptImage } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { images } from '../support/images.ts';
import { docker, fetchText, useHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
const { signal } = new AbortController();
useHostFixture((opened) => (fixture = opened));

const tagsOf = async (slug: string) => (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(`dockup/${slug}:`)).sort();
const makeApp = (change: Partial<AppSpec> = {}) => makeSpec({ stop_timeout: 0, drain_timeout: 0, ...change });

async function deployed(spec: AppSpec): Promise<string> {
  const { status, deployment } = await fixture.deploy(spec);
  expect(status).toBe('succeeded');
  await fixture.deployments.settled(spec.app);
  return deployment;
}

describe('the image of a deployment', () => {
  it('is kept for the current one and the three before it, and let go of with the app', async () => {
    const spec = makeApp();
    const made: string[] = [];
    for (let i = 0; i < 6; i++) made.push(await deployed(spec));
    expect(await tagsOf(spec.slug)).toEqual(made.slice(-4).map((id) => keptImage(spec.slug, id)).sort());
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    expect(await tagsOf(spec.slug)).toEqual([]);
    expect(await docker.getImage(images.busybox).inspect()).toMatchObject({ RepoTags: expect.arrayContaining([images.busybox]) });
  });

  it('is deployed again by its kept name', async () => {
    const spec = makeSpec({ env: { VERSION: 'first' }, stop_timeout: 0, drain_timeout: 0 });
    const first = await deployed(spec);
    await deployed({ ...spec, env: { VERSION: 'second' } });
    await deployed({ ...spec, image: keptImage(spec.slug, first), pull_policy: 'never', env: { VERSION: 'back' } });
    const target = fixture.proxy.routes().find(({ app }) => app === spec.app)?.targets[0];
    expect(await fetchText(target?.address ?? '')).toBe('back\n');
  });

  it('that is no longer kept is said to be so, and what runs goes on', async () => {
    const spec = makeApp();
    const current = await deployed(spec);
    const gone = keptImage(spec.slug, makeId('deployment'));
    expect(await fixture.deploy({ ...spec, image: gone, pull_policy: 'never' })).toMatchObject({ status: 'failed', failure: { code: 'image_not_kept' } });
    expect(fixture.host.journal.current(spec.app)?.deployment).toBe(current);
  });

  it('of a deployment that failed is not kept, its own upload until the app is removed', async () => {
    const spec = makeApp();
    const broken = { ...spec, command: ['/bin/no-such-program'] };
    expect(await fixture.deploy(broken)).toMatchObject({ status: 'failed' });
    expect(await tagsOf(spec.slug)).toEqual([]);
    const id = makeId('deployment');
    const image = keptImage(spec.slug, id);
    await docker.getImage(images.busybox).tag({ repo: `dockup/${spec.slug}`, tag: id });
    expect(await fixture.deploy({ ...broken, image, pull_policy: 'never' }, id)).toMatchObject({ status: 'failed' });
    expect(await tagsOf(spec.slug)).toEqual([image]);
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    expect(await tagsOf(spec.slug)).toEqual([]);
  });

  it('of an app of the same name on another server is left alone', async () => {
    const spec = makeApp();
    const foreign = keptImage(spec.slug, makeId('deployment'));
    await docker.getImage(images.busybox).tag({ repo: `dockup/${spec.slug}`, tag: foreign.slice(foreign.indexOf(':') + 1) });
    for (let i = 0; i < 5; i++) await deployed(spec);
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    expect(await tagsOf(spec.slug)).toEqual([foreign]);
    await docker.getImage(foreign).remove();
  });
});
