import { describe, expect, it } from 'vitest';
import { isImageReference, withTag } from './images.ts';

describe('image references', () => {
  it.each(['nginx', 'nginx:alpine', 'ghcr.io/acme/shop:1.2', 'localhost:5000/a/b', 'a@sha256:0123abcd', 'registry.example.com:443/a_b/c-d:v1'])('SEC-06 takes %s', (image) => {
    expect(isImageReference(image)).toBe(true);
  });

  it.each(['', '../containers/x', 'a/../../containers/x', '-v', 'a b', 'a;b', '$(id)', 'a?force=1', 'a#b', 'a//b', 'nginx:', '/nginx', 'a\nb'])('SEC-06 refuses %j, which would walk in the path of the engine API', (image) => {
    expect(isImageReference(image)).toBe(false);
  });

  it.each([
    ['nginx', 'nginx:latest'],
    ['nginx:alpine', 'nginx:alpine'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['localhost:5000/app:2', 'localhost:5000/app:2'],
    ['app@sha256:ab', 'app@sha256:ab'],
  ])('pulls one image for %s, never all of its tags', (image, pulled) => {
    expect(withTag(image)).toBe(pulled);
  });
});
