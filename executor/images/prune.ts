/**
 * Room on a disk that is nearly full: images that this executor has brought, and that neither a container nor a rollback needs. An engine may be shared, so what was
 * there before, or has a name that was not given here, stays; volumes always do (REL-15).
 */
import { join } from 'node:path';
import { listImages, untagImage, usedImages, type ListedImage } from '../docker/images.ts';
import { keptNames } from '../deploy/kept-images.ts';
import type { DeployHost } from '../deploy/host.ts';
import { canonicalImage } from '../../shared/image-reference.ts';
import { readLoadedImages } from './loaded-images.ts';
import type { PulledImage } from './pulled-images.ts';

export interface Inventory {
  serverId: string;
  images: readonly ListedImage[];
  /** Ids of those that a container of this engine is made from. */
  used: ReadonlySet<string>;
  pulled: readonly PulledImage[];
  /** Names that are needed: kept for a rollback, loaded for a deployment to come, or of a deployment that is under way. */
  needed: ReadonlySet<string>;
}

/** What may go: each by its names, or by its id where it has none. Pure. */
export function imagesToRemove({ serverId, images, used, pulled, needed }: Inventory): string[] {
  return images.filter(({ id }) => !used.has(id)).flatMap(({ id, tags, server }) => {
    const own = pulled.filter((one) => one.id === id).map(({ image }) => canonicalImage(image));
    const isOurs = server === serverId || (own.length > 0 && tags.every((tag) => own.includes(canonicalImage(tag))));
    // What was pulled by its digest has no tag to be needed by.
    const names = tags.length > 0 ? tags.map(canonicalImage) : own.filter((name) => name.includes('@'));
    if (!isOurs || names.some((name) => needed.has(name))) return [];
    return tags.length > 0 ? tags : [id];
  });
}

/** Answers what was removed. @throws AppError engine_unreachable, engine_error */
export async function pruneImages(host: DeployHost): Promise<string[]> {
  const { engine, pulled, log } = host;
  const [images, used, brought, loaded] = await Promise.all([listImages(engine), usedImages(engine), pulled.list(), readLoadedImages(join(host.dir, 'loaded-images.json'))]);
  const removed: string[] = [];
  const inventory = () => ({ serverId: engine.serverId, images, used, pulled: brought, needed: neededNames(host, loaded) });
  for (const name of imagesToRemove(inventory())) {
    // A deployment may have come meanwhile, and have found the image.
    if (!imagesToRemove(inventory()).includes(name)) continue;
    if (await untagImage(engine, name)) removed.push(name);
  }
  if (removed.length > 0) log.warn('the disk is nearly full: removed images that nothing needs any more', { images: removed });
  return removed;
}

function neededNames({ journal }: DeployHost, loaded: readonly string[]): Set<string> {
  const awaited = journal.unfinished().map(({ spec }) => spec.image);
  return new Set([...keptNames(journal), ...loaded, ...awaited].map(canonicalImage));
}
