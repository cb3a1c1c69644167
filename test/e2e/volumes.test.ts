/** Volumes through the API: data that survives deploys, failed deploys and its container; REL-13. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { deployment } from '../../shared/api/deployments.ts';
import { eventPage } from '../../shared/api/events.ts';
import { addedVolume, volumeList } from '../../shared/api/volumes.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';
import { makeTar, readTar } from '../support/tar.ts';

describe('an app with a volume', () => {
  let dockup: Dockup;
  let projectId: string;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    projectId = (await dockup.createProject()).id;
    await dockup.createApp(projectId, { name: 'shop', slug: 'shop', image: images.busybox, internal_port: 80, stop_timeout: 1, drain_timeout: 1, env: { VERSION: 'v1' } });
    await dockup.deploy('shop');
  });
  afterAll(() => dockup.stop());

  const volumes = async (slug = 'shop') => (await dockup.expect(200, volumeList, dockup.request('GET', `/api/v1/apps/${slug}/volumes`))).data;
  const content = (slug: string, name: string) => `${dockup.url}/api/v1/apps/${slug}/volumes/${name}/content`;
  const authorization = () => `Bearer ${dockup.credentials.api_key}`;

  async function download(name = 'data', slug = 'shop'): Promise<Record<string, string>> {
    const reply = await fetch(content(slug, name), { headers: { authorization: authorization() } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('application/x-tar');
    return readTar(Buffer.from(await reply.arrayBuffer()));
  }

  async function upload(body: Buffer, { name = 'data', slug = 'shop', type = 'application/x-tar' } = {}) {
    const reply = await fetch(content(slug, name), { method: 'PUT', headers: { authorization: authorization(), 'content-type': type }, body: new Uint8Array(body) });
    const text = await reply.text();
    return { status: reply.status, body: text === '' ? null : JSON.parse(text) };
  }

  test('gets it with the next deploy, and is told so', async () => {
    const added = await dockup.expect(201, addedVolume, dockup.request('POST', '/api/v1/apps/shop/volumes', { body: { name: 'data', mount_path: '/data' } }));
    expect(added).toMatchObject({ name: 'data', mount_path: '/data', size: null, mounted: false, message: expect.stringContaining('next deployment') });
    expect(await volumes()).toEqual([{ name: 'data', mount_path: '/data', size: null, mounted: false }]);
    await dockup.deploy('shop');
    expect(await volumes()).toEqual([{ name: 'data', mount_path: '/data', size: expect.any(Number), mounted: true }]);
  });

  test('keeps what is in it across deploys, also those that fail', async () => {
    expect(await upload(await makeTar({ 'orders.csv': 'one,two\n', 'big.bin': 'x'.repeat(3_000_000) }))).toMatchObject({ status: 204 });
    await dockup.request('PUT', '/api/v1/apps/shop', { body: { env: { VERSION: 'v2' } } });
    await dockup.deploy('shop');
    expect(await download()).toEqual({ 'orders.csv': 'one,two\n', 'big.bin': 'x'.repeat(3_000_000) });
    await dockup.request('PUT', '/api/v1/apps/shop', { body: { env: { EXIT_CODE: '1' } } });
    expect((await dockup.deployBadly('shop')).problem.code).toBe('container_exited');
    expect(await dockup.visit('shop')).toMatchObject({ status: 200, body: 'v2\n' });
    expect((await download())['orders.csv']).toBe('one,two\n');
    await dockup.request('PUT', '/api/v1/apps/shop', { body: { env: { EXIT_CODE: null } } });
  });

  test('REL-13 is replaced stop-first, which the deployment and the event that asks for it say', async () => {
    const asked = await dockup.expect(202, deployment, dockup.request('POST', '/api/v1/apps/shop/deploy'));
    expect(asked.strategy).toBe('stop-first');
    await expect.poll(async () => (await dockup.expect(200, deployment, dockup.request('GET', `/api/v1/deployments/${asked.id}`))).status, { timeout: 20_000 }).toBe('succeeded');
    const { data } = await dockup.expect(200, eventPage, dockup.request('GET', '/api/v1/apps/shop/events'));
    const requested = data.find((event) => event.type === 'deployment.requested' && event.data['deployment_id'] === asked.id);
    expect(requested).toMatchObject({ message: expect.stringContaining('stopped before the new container starts'), data: { strategy: 'stop-first' } });
  });

  test('takes an upload beside what is there, compressed too, and refuses what is no archive', async () => {
    expect(await upload(execFileSync('gzip', { input: await makeTar({ 'more.txt': 'more' }) }), { type: 'application/gzip' })).toMatchObject({ status: 204 });
    const before = await download();
    expect(before).toMatchObject({ 'orders.csv': 'one,two\n', 'more.txt': 'more' });
    expect(await upload(Buffer.from('not an archive, whatever its type says'))).toMatchObject({ status: 422, body: { code: 'archive_invalid' } });
    expect(await upload(Buffer.alloc(0))).toMatchObject({ status: 422, body: { code: 'archive_invalid' } });
    expect(await upload(Buffer.from('{}'), { type: 'application/json' })).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect(await upload(await makeTar({ a: 'b' }), { name: 'nowhere' })).toMatchObject({ status: 404, body: { code: 'volume_not_found' } });
    expect(await download()).toEqual(before);
  });

  test('cannot have two volumes of one name or at one path, nor one outside the container', async () => {
    const add = (body: object) => dockup.request('POST', '/api/v1/apps/shop/volumes', { body });
    expect(await add({ name: 'data', mount_path: '/other' })).toMatchObject({ status: 409, body: { code: 'volume_exists' } });
    expect(await add({ name: 'other', mount_path: '/data' })).toMatchObject({ status: 422, body: { code: 'invalid_value', errors: [{ pointer: '/mount_path' }] } });
    expect(await add({ name: '../etc', mount_path: '/x' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/name' }] } });
    for (const path of ['relative', '/', '/a/../b', '/a b']) expect(await add({ name: 'x', mount_path: path })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/mount_path' }] } });
    expect((await volumes()).map(({ name }) => name)).toEqual(['data']);
  });

  test('loses it only when it is taken out of the settings, deployed and deleted by name', async () => {
    for (const path of ['/api/v1/apps/shop/volumes/data', '/api/v1/apps/shop/volumes?name=data']) {
      expect(await dockup.request('DELETE', path)).toMatchObject({ status: 409, body: { code: 'volume_in_use', detail: expect.stringContaining('deploy') } });
    }
    await dockup.request('PUT', '/api/v1/apps/shop', { body: { volumes: [] } });
    expect(await dockup.request('DELETE', '/api/v1/apps/shop/volumes/data')).toMatchObject({ status: 409, body: { code: 'volume_in_use' } });
    expect((await dockup.deploy('shop')).strategy).toBe('start-first');
    // Until its old container is drained and removed.
    await expect.poll(() => volumes(), { timeout: 20_000 }).toEqual([{ name: 'data', mount_path: null, size: expect.any(Number), mounted: false }]);
    expect((await download())['orders.csv']).toBe('one,two\n');
    expect(await dockup.request('DELETE', '/api/v1/apps/shop/volumes?name=data')).toMatchObject({ status: 204 });
    expect(await volumes()).toEqual([]);
    expect(await dockup.request('DELETE', '/api/v1/apps/shop/volumes/data')).toMatchObject({ status: 404, body: { code: 'volume_not_found' } });
    expect(await dockup.request('GET', '/api/v1/apps/shop/volumes/data/content')).toMatchObject({ status: 404, body: { code: 'volume_not_found' } });
  });

  test('is deleted only by a call that names all its volumes', async () => {
    await dockup.createApp(projectId, { name: 'store', slug: 'store', image: images.busybox, internal_port: 80, stop_timeout: 1, volumes: [{ name: 'data', mount_path: '/data' }, { name: 'cache', mount_path: '/cache' }] });
    await dockup.deploy('store');
    await upload(await makeTar({ precious: 'yes' }), { slug: 'store' });
    for (const query of ['', '?delete_volumes=cache']) {
      expect(await dockup.request('DELETE', `/api/v1/apps/store${query}`)).toMatchObject({ status: 409, body: { code: 'app_has_volumes', volumes: expect.arrayContaining(['data']) } });
    }
    expect(await dockup.request('DELETE', '/api/v1/apps/store?delete_volumes=../x')).toMatchObject({ status: 422, body: { errors: [{ pointer: '?delete_volumes' }] } });
    expect(await dockup.visit('store')).toMatchObject({ status: 200 });
    expect(await download('data', 'store')).toEqual({ precious: 'yes' });
    expect(await dockup.request('DELETE', '/api/v1/apps/store?delete_volumes=data,cache')).toMatchObject({ status: 204 });
    expect(await dockup.request('GET', '/api/v1/apps/store')).toMatchObject({ status: 404 });
    const found = execFileSync('docker', ['volume', 'ls', '-q', '--filter', `label=dockup.server=${dockup.serverId}`], { encoding: 'utf8' });
    expect(found).toBe('');
  });
});
