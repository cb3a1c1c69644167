/** Images that clients send: the seed's own command, every way it can go wrong, and resumable uploads. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import Docker from 'dockerode';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { problem } from '../../shared/api/common.ts';
import { deployment, deploymentPage, type Deployment } from '../../shared/api/deployments.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { makeImageArchive, makeLayer } from '../support/image-archive.ts';
import { images } from '../support/images.ts';

const docker = new Docker();
const maxUpload = 150_000_000;
const slug = `up-${randomBytes(4).toString('hex')}`;

describe('an uploaded image', () => {
  let dockup: Dockup;
  let archive: Buffer;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host'), env: { DOCKUP_MAX_UPLOAD: String(maxUpload) } });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: slug, slug, internal_port: 80, env: { VERSION: 'uploaded' }, drain_timeout: 1, stop_timeout: 1 });
    archive = save(images.busybox);
  });
  afterAll(async () => {
    await dockup?.request('DELETE', `/api/v1/apps/${slug}`);
    const left = await ownTags();
    await dockup?.stop();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  const save = (...names: string[]) => spawnSync('docker', ['save', ...names], { maxBuffer: 1024 ** 3 }).stdout;
  const post = (bytes: Buffer, path = `/api/v1/deploy/${slug}?wait=60`, type = 'application/octet-stream') => curl(bytes, path, ['-H', `Content-Type: ${type}`]);

  /** curl with the archive on its standard input, as the documentation has it: status and reply. */
  async function curl(bytes: Buffer, path: string, options: string[]): Promise<{ status: number; body: unknown }> {
    const child = spawn('curl', ['-sS', '-X', 'POST', '--data-binary', '@-', '-H', `Authorization: Bearer ${dockup.credentials.api_key}`, '-w', '\n%{http_code}', ...options, dockup.url + path]);
    // It stops reading as soon as it is refused.
    child.stdin.on('error', () => undefined);
    child.stdin.end(bytes);
    const [output, errors] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
    const [body = '', status] = output.toString().split(/\n(?=\d+$)/);
    if (Number(status) === 0) throw new Error(`curl: ${errors.toString()}`);
    return { status: Number(status), body: JSON.parse(body) };
  }

  async function ownTags(): Promise<string[]> {
    return (await docker.listImages({ filters: { reference: [`dockup/${slug}`] } })).flatMap(({ RepoTags }) => RepoTags ?? []).sort();
  }

  /** Everything an upload could have left or touched: the app, its deployments, tags of the engine, pieces on the disk. Older tags of the app may go meanwhile, none may come. */
  async function picture(known: string[] = []): Promise<{ tags: string[]; [aspect: string]: unknown }> {
    const [{ image, updated_at }, deployments, foreign] = await Promise.all([
      dockup.getApp(slug),
      dockup.expect(200, deploymentPage, dockup.request('GET', `/api/v1/apps/${slug}/deployments`)),
      Promise.all([images.busybox, images.nginx].map(async (name) => (await docker.getImage(name).inspect()).Id)),
    ]);
    return { image, updated_at, deployments: deployments.data.map(({ id }) => id), tags: [...new Set([...known, ...(await ownTags())])].sort(), foreign, pieces: pieces() };
  }

  function pieces(): string[] {
    const dir = join(dockup.dataDir, 'executor/uploads');
    return existsSync(dir) ? readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])) : [];
  }

  async function expectServing({ id, image }: Deployment): Promise<void> {
    expect(image).toBe(`dockup/${slug}:${id}`);
    expect(await dockup.getApp(slug)).toMatchObject({ image, status: 'running' });
    expect(await dockup.visit(slug)).toMatchObject({ status: 200, body: 'uploaded\n' });
  }

  test('docker save | curl, word for word as the seed has it', async () => {
    const command = `docker save ${images.busybox} | \\
    curl -X POST --data-binary @- \\
      -H "Authorization: Bearer $HBR" \\
      -H "Content-Type: application/octet-stream" \\
      ${dockup.url}/api/v1/deploy/${slug}`;
    const { stdout } = spawnSync('sh', ['-c', command], { env: { ...process.env, HBR: dockup.credentials.api_key }, encoding: 'utf8' });
    const accepted = deployment.parse(JSON.parse(stdout));
    await expect.poll(async () => (await dockup.request('GET', `/api/v1/deployments/${accepted.id}`)).body, { timeout: 60_000 }).toMatchObject({ status: 'succeeded' });
    await expectServing(accepted);
  });

  test.each([
    ['gzip', gzipSync, 'application/gzip'],
    ['zstd', zstdCompressSync, 'application/zstd'],
    ['a plain tar', (bytes: Buffer) => bytes, 'application/x-tar'],
  ])('%s by POST /upload-image', async (_name, compress, type) => {
    const { status, body } = await post(compress(archive), `/api/v1/apps/${slug}/upload-image?wait=60`, type);
    expect(status).toBe(200);
    await expectServing(deployment.parse(body));
  });

  test('of several the one that ?image= names', async () => {
    const { status, body } = await post(save(images.busybox, images.nginx), `/api/v1/deploy/${slug}?wait=60&image=${images.busybox}`);
    expect(status).toBe(200);
    await expectServing(deployment.parse(body));
  });

  const mistakes: [string, () => Buffer | Promise<Buffer>, number, string, RegExp][] = [
    ['an empty body', () => Buffer.alloc(0), 422, 'archive_invalid', /empty/],
    ['half an archive', () => archive.subarray(0, archive.length / 2), 422, 'archive_invalid', /ends before it is whole/],
    ['half of a gzip', () => gzipSync(archive).subarray(0, 400_000), 422, 'archive_invalid', /ends before it is whole/],
    ['random bytes', () => randomBytes(3_000_000), 422, 'archive_invalid', /not a tar/],
    ['the output of docker export', () => exportOf(images.nginx), 422, 'archive_invalid', /docker export/],
    ['several images', () => save(images.busybox, images.nginx), 422, 'archive_ambiguous', /(?=.*dockup-test\/busybox:1)(?=.*nginx:alpine)/],
    ['a layer that is none', () => makeImageArchive({ tags: [images.nginx], layer: randomBytes(50_000) }), 422, 'archive_invalid', /docker load/],
    ['more than the server takes', () => makeImageArchive({ tags: ['big:1'], layer: Buffer.alloc(maxUpload + 1_000_000) }), 413, 'archive_too_large', /DOCKUP_MAX_UPLOAD/],
  ];

  test.each(mistakes)('SEC-14 %s is refused with the reason, and nothing is left', async (_name, make, status, code, reason) => {
    const before = await picture();
    const reply = await post(await make());
    expect(reply).toMatchObject({ status, body: { code } });
    expect(problem.parse(reply.body).detail).toMatch(reason);
    expect(await picture(before.tags)).toEqual(before);
    expect(await dockup.visit(slug)).toMatchObject({ status: 200, body: 'uploaded\n' });
  });

  test.each([
    ['an image that is not in the archive', '&image=nginx:alpine', 'application/octet-stream', 422, 'image_not_in_archive'],
    ['a body beside the id of an upload', `&upload=${'0'.repeat(32)}`, 'application/octet-stream', 422, 'invalid_value'],
    ['a form', '', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
  ])('%s is refused', async (_name, query, type, status, code) => {
    const before = await picture();
    expect(await post(archive, `/api/v1/deploy/${slug}?wait=60${query}`, type)).toMatchObject({ status, body: { code } });
    expect(await picture(before.tags)).toEqual(before);
  });

  test('a stranger is told before the bytes are taken', async () => {
    const before = await picture();
    const child = spawnSync('curl', ['-s', '-X', 'POST', '--data-binary', '@-', '-H', 'Content-Type: application/octet-stream', `${dockup.url}/api/v1/deploy/${slug}`], { input: randomBytes(30_000_000), encoding: 'utf8' });
    expect(JSON.parse(child.stdout)).toMatchObject({ code: 'unauthenticated' });
    expect(await picture(before.tags)).toEqual(before);
  });

  test('SEC-04 of one app is not there for another one', async () => {
    const { image } = await dockup.getApp(slug);
    const project = await dockup.createProject();
    const reply = await dockup.request('POST', `/api/v1/projects/${project.id}/apps`, { body: { name: 'thief', slug: `${slug}-thief`, image } });
    expect(reply).toMatchObject({ status: 422, body: { code: 'image_not_found', errors: [{ pointer: '/image' }] } });
    expect((await dockup.request('GET', `/api/v1/apps/${slug}-thief`)).status).toBe(404);
  });

  describe('in pieces', () => {
    const path = `/api/v1/apps/${slug}/uploads`;
    const pieceType = 'application/offset+octet-stream';
    const uploads = () => dockup.url + path;
    const ask = (method: string, address: string, more: Record<string, string> = {}, body?: Buffer) => fetch(dockup.url + address, { method, headers: { ...headers(), ...more }, ...(body && { body: new Uint8Array(body) }) });
    const headers = () => ({ authorization: `Bearer ${dockup.credentials.api_key}`, 'tus-resumable': '1.0.0' });
    const sha256 = (bytes: Buffer) => Buffer.from(createHash('sha256').update(bytes).digest('hex')).toString('base64');

    async function begin(length: number, metadata?: string): Promise<string> {
      const reply = await fetch(uploads(), { method: 'POST', headers: { ...headers(), 'upload-length': String(length), ...(metadata && { 'upload-metadata': metadata }) } });
      expect(reply.status).toBe(201);
      const location = reply.headers.get('location') ?? '';
      expect(location).toMatch(/^\/api\/v1\/apps\/app_\w+\/uploads\/[0-9a-f]{32}$/);
      return location;
    }

    const send = (location: string, offset: number, bytes: Buffer) => ask('PATCH', location, { 'content-type': pieceType, 'upload-offset': String(offset) }, bytes);
    const offsetOf = async (location: string) => Number((await ask('HEAD', location)).headers.get('upload-offset'));
    const deployUpload = (location: string) => dockup.request('POST', `/api/v1/deploy/${slug}?wait=60&upload=${location.split('/').at(-1)}`);

    test('by tus-js-client, deployed by its id; then it is gone', async () => {
      const url = await new Promise<string>((resolve, reject) => {
        const upload: Upload = new Upload(archive, { endpoint: uploads(), chunkSize: 700_000, headers: { authorization: headers().authorization }, metadata: { sha256: createHash('sha256').update(archive).digest('hex') }, onError: reject, onSuccess: () => resolve(upload.url ?? '') });
        upload.start();
      });
      const reply = await deployUpload(url);
      expect(reply.status).toBe(200);
      await expectServing(deployment.parse(reply.body));
      expect(pieces()).toEqual([]);
      expect(await deployUpload(url)).toMatchObject({ status: 404, body: { code: 'upload_not_found' } });
    });

    test('REL-28 a cut at 90 % costs what was not there yet, also when the executor was restarted', async () => {
      const layered = await makeImageArchive({ tags: ['big:1'], layer: await makeLayer(randomBytes(20_000_000)) });
      const location = await begin(layered.length, `sha256 ${sha256(layered)}`);
      const cut = Math.floor(layered.length * 0.9);
      // A connection that ends in the middle of a piece: curl is killed while it waits for more to send.
      const child = spawn('curl', ['-s', '-X', 'PATCH', '-T', '-', '-H', `Authorization: ${headers().authorization}`, '-H', 'Tus-Resumable: 1.0.0', '-H', 'Content-Type: application/offset+octet-stream', '-H', 'Upload-Offset: 0', dockup.url + location]);
      child.stdin.write(layered.subarray(0, cut));
      await expect.poll(() => offsetOnDisk(location), { timeout: 20_000 }).toBe(cut);
      child.kill('SIGKILL');
      await expect.poll(() => offsetOf(location), { timeout: 20_000 }).toBe(cut);
      expect(await deployUpload(location)).toMatchObject({ status: 409, body: { code: 'upload_incomplete' } });

      await dockup.halt();
      await dockup.resume();
      expect(await offsetOf(location)).toBe(cut);
      const rest = await send(location, cut, layered.subarray(cut));
      expect([rest.status, rest.headers.get('upload-offset')]).toEqual([204, String(layered.length)]);
      const { body } = await deployUpload(location);
      // Its bytes are an image; that it has no program is another matter.
      expect(body).toMatchObject({ code: 'container_start_failed' });
      expect(pieces()).toEqual([]);
    });

    function offsetOnDisk(location: string): number {
      const [app = '', id = ''] = [location.split('/')[4], location.split('/').at(-1)];
      return Number(spawnSync('stat', ['-c', '%s', join(dockup.dataDir, 'executor/uploads', app, id)], { encoding: 'utf8' }).stdout);
    }

    test('bytes that are not those announced are digest_mismatch, and gone', async () => {
      const location = await begin(archive.length, `sha256 ${sha256(randomBytes(10))}`);
      expect((await send(location, 0, archive)).status).toBe(204);
      const before = await picture();
      expect(await deployUpload(location)).toMatchObject({ status: 422, body: { code: 'digest_mismatch' } });
      expect(await picture(before.tags)).toEqual({ ...before, pieces: [] });
    });

    const refusals: [string, (location: string) => Promise<Response>, number, string, RegExp][] = [
      ['a piece at the wrong place', (location) => send(location, 5, archive), 409, 'upload_offset_mismatch', /HEAD/],
      ['a piece that does not say where it begins', (location) => ask('PATCH', location, { 'content-type': pieceType }, archive), 400, 'upload_header_invalid', /Upload-Offset/],
      ['a piece whose place is no number', (location) => ask('PATCH', location, { 'content-type': pieceType, 'upload-offset': 'x' }, archive), 400, 'upload_header_invalid', /upload-offset/],
      ['a piece of another type', (location) => ask('PATCH', location, { 'content-type': 'application/x-tar', 'upload-offset': '0' }, archive), 415, 'unsupported_media_type', /offset\+octet-stream/],
      ['a piece by another version of the protocol', (location) => ask('PATCH', location, { 'tus-resumable': '0.2.2', 'content-type': pieceType, 'upload-offset': '0' }, archive), 412, 'upload_version_unsupported', /1\.0\.0/],
      ['an upload without a length', () => ask('POST', path), 400, 'upload_header_invalid', /Upload-Length/],
      ['an upload with metadata that is none', () => ask('POST', path, { 'upload-length': '5', 'upload-metadata': 'a b c' }), 400, 'upload_header_invalid', /upload-metadata/],
      ['an upload that is too large', () => ask('POST', path, { 'upload-length': String(maxUpload + 1) }), 413, 'archive_too_large', /larger/],
      ['the state of an unknown upload', () => ask('GET', `${path}/${'0'.repeat(32)}`), 404, 'upload_not_found', /unknown/],
      ['a stranger', (location) => ask('PATCH', location, { authorization: 'Bearer nonsense' }), 401, 'invalid_token', /not valid/],
    ];

    test.each(refusals)('%s is refused with a code, and nothing is taken', async (_name, refused, status, code, detail) => {
      const location = await begin(archive.length);
      const before = pieces();
      const reply = await refused(location);
      expect({ status: reply.status, type: reply.headers.get('content-type'), version: reply.headers.get('tus-resumable'), versions: reply.headers.get('tus-version') }).toEqual({ status, type: 'application/problem+json', version: '1.0.0', versions: '1.0.0' });
      expect(problem.parse(await reply.json())).toMatchObject({ status, code, detail: expect.stringMatching(detail), request_id: reply.headers.get('x-request-id') });
      expect(await offsetOf(location)).toBe(0);
      expect(pieces()).toEqual(before);
      expect((await ask('DELETE', location)).status).toBe(204);
    });

    test('one that was deleted is gone, for HEAD without a word', async () => {
      const location = await begin(archive.length);
      expect((await ask('DELETE', location)).status).toBe(204);
      const reply = await ask('HEAD', location);
      expect([reply.status, reply.headers.get('content-type'), await reply.text()]).toEqual([404, 'application/problem+json', '']);
      expect(pieces()).toEqual([]);
    });

    test('a page of another origin can read what is said', async () => {
      const reply = await ask('POST', path, { origin: 'https://elsewhere.test', 'upload-length': '5' });
      expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([201, '*']);
      expect(reply.headers.get('access-control-expose-headers')).toMatch(/Location.*Upload-Offset/);
      expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}$/);
      expect((await ask('DELETE', reply.headers.get('location') ?? '')).status).toBe(204);
    });

    test('OPTIONS tells what is taken', async () => {
      const reply = await fetch(uploads(), { method: 'OPTIONS', headers: headers() });
      expect([reply.status, reply.headers.get('tus-version'), reply.headers.get('tus-max-size')]).toEqual([204, '1.0.0', String(maxUpload)]);
    });
  });

  async function exportOf(image: string): Promise<Buffer> {
    const container = await docker.createContainer({ Image: image });
    try {
      return await buffer(await container.export());
    } finally {
      await container.remove();
    }
  }
});
