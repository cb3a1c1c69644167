/** An archive as docker save would write it, of an image that has never been on an engine. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

interface ImageArchive {
  /** The names it claims. */
  tags: string[];
  /** The bytes of its one layer: a tar, or what is to be found out not to be one. */
  layer: Buffer;
  /** What its configuration says the layer is. */
  diffId?: string;
}

export async function makeImageArchive({ tags, layer, diffId = digestOf(layer) }: ImageArchive): Promise<Buffer> {
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: ['/bin/serve'] }, rootfs: { type: 'layers', diff_ids: [diffId] } });
  const name = createHash('sha256').update(config).digest('hex');
  const archive = pack();
  archive.entry({ name: `${name}.json` }, config);
  archive.entry({ name: 'layer/layer.tar' }, layer);
  archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: `${name}.json`, RepoTags: tags, Layers: ['layer/layer.tar'] }]));
  archive.entry({ name: 'repositories' }, JSON.stringify(Object.fromEntries(tags.map((tag) => [tag.split(':')[0], { [tag.split(':')[1] ?? 'latest']: 'layer' }]))));
  archive.finalize();
  return buffer(archive);
}

/** A layer with one file of these bytes. */
export async function makeLayer(content: Buffer): Promise<Buffer> {
  const layer = pack();
  layer.entry({ name: 'content' }, content);
  layer.finalize();
  return buffer(layer);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
