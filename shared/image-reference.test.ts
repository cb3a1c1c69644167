import { describe, expect, test } from 'vitest';
import { canonicalImage, isImageId } from './image-reference.ts';
import { isForeignKeptImage, isKeptImage, keptImage, newId } from './names.ts';

test.each([
  ['nginx', 'nginx:latest'],
  ['library/nginx', 'nginx:latest'],
  ['docker.io/nginx:alpine', 'nginx:alpine'],
  ['docker.io/library/nginx:alpine', 'nginx:alpine'],
  ['index.docker.io/acme/shop', 'acme/shop:latest'],
  ['docker.io/library/acme/shop', 'library/acme/shop:latest'],
  ['localhost:5000/shop', 'localhost:5000/shop:latest'],
  ['ghcr.io/acme/shop:1', 'ghcr.io/acme/shop:1'],
  ['localhost:5000/shop:1@sha256:ab', 'localhost:5000/shop@sha256:ab'],
  ['nginx:alpine@sha256:ab', 'nginx@sha256:ab'],
])('%s is known to the engine as %s', (image, name) => {
  expect(canonicalImage(image)).toBe(name);
});

const hex = '0123456789abcdef'.repeat(4);

test.each([['sha256:00a4', true], [`sha256:${hex}`, true], [`SHA256:${hex}`, true], [hex, true], ['cafe', false], [`nginx@sha256:${hex}`, false], ['sha256', false]])('whether %s is an id: %s', (image, expected) => {
  expect(isImageId(image)).toBe(expected);
});

describe('SEC-04 an image of a deployment', () => {
  const image = keptImage('shop', newId('deployment', 1, new Uint8Array(13)));

  test.each([image, `docker.io/${image}`, `index.docker.io/${image}`, `Docker.io/${image}`])('belongs to its app, as %s', (name) => {
    expect([isForeignKeptImage(name, 'shop'), isForeignKeptImage(name, 'other'), isKeptImage(name)]).toEqual([false, true, true]);
  });

  test.each(['dockup/shop@sha256:ab', 'dockup/shopping', 'docker.io/dockup/shopping:1'])('of no or another app is %s', (name) => {
    expect(isForeignKeptImage(name, 'shop')).toBe(true);
  });

  test.each(['nginx', 'dockup-test/busybox:1', 'ghcr.io/dockup/shop:1', 'dockup'])('is not %s, which anybody may run', (name) => {
    expect(isForeignKeptImage(name, 'other')).toBe(false);
  });
});
