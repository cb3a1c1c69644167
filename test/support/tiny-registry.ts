/** The far end of a pull: a registry that can keep its answers back. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

export interface TinyRegistry {
  /** `127.0.0.1:5000`: engines pull from there without TLS. */
  address: string;
  /** Paths that were asked for. */
  requests: string[];
  /** Offers an image. Answers what to pull. */
  offer(name: string, image: OfferedImage): string;
  /** From now on a layer is sent up to its half, and the rest when `release` is called. Resolves with the first that waits. */
  holdLayers(): Promise<void>;
  /** From now on nothing is answered at all. */
  hang(): void;
  release(): void;
  close(): Promise<void>;
}

export interface OfferedImage {
  /** Tars, the lowest first. */
  layers: Buffer[];
  config: { Cmd: string[]; Env: string[] };
  /** What the registry says the last layer has, where that is not what it has. */
  announced?: number;
}

interface Blob {
  bytes: Buffer;
  size: number;
  isLayer: boolean;
}

const types = { manifest: 'application/vnd.docker.distribution.manifest.v2+json', config: 'application/vnd.docker.container.image.v1+json', layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip' };

export async function startRegistry(): Promise<TinyRegistry> {
  const manifests = new Map<string, string>();
  const blobs = new Map<string, Blob>();
  const requests: string[] = [];
  let isHanging = false;
  let hold: { onFirst: () => void; waiting: (() => void)[] } | null = null;

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    if (isHanging) return;
    const [, name, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    if (path === '/v2/') return void response.end('{}');
    const manifest = kind === 'manifests' ? manifests.get(`${name}:${reference}`) : undefined;
    if (manifest !== undefined) return void response.writeHead(200, { 'content-type': types.manifest, 'content-length': Buffer.byteLength(manifest), 'docker-content-digest': digestOf(manifest) }).end(request.method === 'HEAD' ? undefined : manifest);
    const blob = blobs.get(reference ?? '');
    if (kind !== 'blobs' || blob === undefined) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': blob.size });
    if (hold === null || !blob.isLayer) return void response.end(blob.bytes);
    sendHalf(response, blob.bytes, hold);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = server.address();
  if (found === null || typeof found === 'string') throw new Error('no port');
  const address = `127.0.0.1:${found.port}`;

  return {
    address,
    requests,
    offer(name, { layers, config, announced }) {
      const described = JSON.stringify({ architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: layers.map(digestOf) } });
      const packed = layers.map((layer, i): Blob => {
        const bytes = gzipSync(layer, { level: 1 });
        return { bytes, size: i === layers.length - 1 ? (announced ?? bytes.length) : bytes.length, isLayer: true };
      });
      for (const blob of packed) blobs.set(digestOf(blob.bytes), blob);
      blobs.set(digestOf(described), { bytes: Buffer.from(described), size: described.length, isLayer: false });
      const manifest = { schemaVersion: 2, mediaType: types.manifest, config: { mediaType: types.config, size: described.length, digest: digestOf(described) }, layers: packed.map(({ bytes, size }) => ({ mediaType: types.layer, size, digest: digestOf(bytes) })) };
      manifests.set(name, JSON.stringify(manifest));
      manifests.set(`${name.split(':')[0]}:${digestOf(JSON.stringify(manifest))}`, JSON.stringify(manifest));
      return `${address}/${name}`;
    },
    holdLayers() {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = { onFirst: resolve, waiting: [] };
      return promise;
    },
    hang: () => (isHanging = true),
    release() {
      isHanging = false;
      for (const send of hold?.waiting ?? []) send();
      hold = null;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function sendHalf(response: ServerResponse, bytes: Buffer, { onFirst, waiting }: { onFirst: () => void; waiting: (() => void)[] }): void {
  const half = Math.floor(bytes.length / 2);
  response.write(bytes.subarray(0, half), onFirst);
  waiting.push(() => response.end(bytes.subarray(half)));
}

function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
