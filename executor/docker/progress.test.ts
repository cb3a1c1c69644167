import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { createEngine, type Engine } from './engine.ts';
import { pullImage } from './images.ts';

/** An engine that answers 200 to every pull, and then says this. */
let says: string[] = [];
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  for (const line of says) response.write(line);
  if (says.at(-1) === cut) response.destroy();
  else response.end();
});
const cut = '{"status":"Pulling';

let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockup-engine-'));
  const socketPath = join(folder, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  engine = createEngine({ socketPath, serverId: 'srv_1', dir: folder });
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const pull = () => pullImage(engine, 'registry.example.com/shop:1', { signal: AbortSignal.timeout(5_000) });
const line = (value: object) => `${JSON.stringify(value)}\r\n`;
const layers = Array.from({ length: 1_000 }, (_, i) => line({ status: 'Downloading', id: `layer${i}` }));

test('a pull that ends without a word of failure has worked', async () => {
  says = [...layers, line({ status: 'Status: Downloaded newer image' })];
  await expect(pull()).resolves.toBeUndefined();
});

test.each([
  ['absent, in both forms', [line({ errorDetail: { message: 'manifest unknown' }, error: 'manifest unknown' })], 'image_not_found', /manifest unknown/],
  ['broken, after much has gone well', [...layers, line({ errorDetail: { message: 'unexpected EOF' }, error: 'unexpected EOF' })], 'image_pull_failed', /unexpected EOF/],
  ['refused, as older engines say it', [line({ error: 'toomanyrequests: slow down' })], 'image_pull_failed', /toomanyrequests/],
  ['broken, without a line end', [line({ status: 'Pulling' }).concat(JSON.stringify({ error: 'unauthorised by the moon' }))], 'image_pull_failed', /moon/],
  ['at the end of the disk', [...layers, line({ errorDetail: { message: 'write /var/lib/docker/tmp/GetImageBlob1: no space left on device' } })], 'insufficient_storage', /^pull image: write .*no space left/],
  ['cut off in the middle of a line', [line({ status: 'Pulling' }), cut], 'engine_unreachable', /./],
])('a pull whose stream says %s has failed', async (_name, lines, code, reason) => {
  says = lines;
  await expect(pull()).rejects.toMatchObject({ code, message: expect.stringMatching(reason) });
});

test('REL-15 a pull that its caller ends for what is still to come has failed with that', async () => {
  says = [...layers, line({ status: 'Downloading', id: 'layer0', progressDetail: { current: 10, total: 1_000 } }), ...layers];
  const tooMuch = (coming: number) => {
    if (coming > 0) throw new AppError('insufficient_storage', { detail: `${coming} bytes are to come` });
  };
  await expect(pullImage(engine, 'registry.example.com/shop:1', { signal: AbortSignal.timeout(5_000), onProgress: tooMuch })).rejects.toMatchObject({ code: 'insufficient_storage', message: '1990 bytes are to come' });
});
