import { describe, expect, it } from 'vitest';
import { canonicalImage } from '../../shared/image-reference.ts';
import { imagesToRemove, type Inventory } from './prune.ts';

const serverId = 'srv_1k3m8v0qz9x4c7b2n5h6t0';
const image = (id: string, tags: string[] = [], server?: string) => ({ id, tags, server });
const pulled = (id: string, name: string) => ({ id, image: name });

function remaining(change: Partial<Inventory>): string[] {
  return imagesToRemove({ serverId, images: [image('a', ['shop:1'])], used: new Set(), pulled: [pulled('a', 'shop:1')], needed: new Set(), ...change });
}

describe('REL-15 on a disk that is nearly full', () => {
  it.each<[string, Partial<Inventory>, string[]]>([
    ['an image that was pulled here and that nothing needs goes by its name', {}, ['shop:1']],
    ['one whose name has moved on goes by its id', { images: [image('a'), image('b', ['shop:1'])], pulled: [pulled('a', 'shop:1'), pulled('b', 'shop:1')], needed: new Set(['docker.io/library/shop:1', 'shop:1']) }, ['a']],
    ['one that was pulled by two names goes with both', { images: [image('a', ['shop:1', 'shop:latest'])], pulled: [pulled('a', 'shop:1'), pulled('a', 'shop')] }, ['shop:1', 'shop:latest']],
    ['an old image of the proxy goes', { images: [image('p', ['dockup/haproxy:old'], serverId)], pulled: [] }, ['dockup/haproxy:old']],
    ['one that a container uses stays', { used: new Set(['a']) }, []],
    ['one that is kept for a rollback stays', { images: [image('a', ['shop:1', 'dockup/shop:dep_1'])], needed: new Set(['dockup/shop:dep_1']) }, []],
    ['one that a deployment is waiting for stays', { needed: new Set(['shop:1']) }, []],
    ['one that a deployment is waiting for by its digest stays', { images: [image('a')], pulled: [pulled('a', 'shop@sha256:1')], needed: new Set([canonicalImage('shop@sha256:1')]) }, []],
    ['one that was pulled by its digest and that nothing needs goes by its id', { images: [image('a')], pulled: [pulled('a', 'shop@sha256:1')] }, ['a']],
    ['one that was there before stays', { pulled: [] }, []],
    ['one that somebody has given another name stays', { images: [image('a', ['shop:1', 'theirs:1'])] }, []],
    ['a nameless one of somebody else stays', { images: [image('x')], pulled: [] }, []],
    ['that of another executor stays', { images: [image('p', ['dockup/haproxy:old'], 'srv_other')], pulled: [] }, []],
  ])('%s', (_what, change, expected) => {
    expect(remaining(change)).toEqual(expected);
  });
});
