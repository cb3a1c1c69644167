import { describe, expect, it } from 'vitest';
import type { AppContainer } from '../docker/containers.ts';
import { currentContainer } from './current.ts';

function container(deployment: string): AppContainer {
  return { id: `c-${deployment}`, app: 'a', project: 'p', deployment, state: 'running', created: 1, imageId: 'i', address: null, restart: null };
}
const [old, next] = [container('old'), container('next')];

describe('the current container of an app', () => {
  it.each<[string, Parameters<typeof currentContainer>, string | null]>([
    ['is that of the newest success', [[next, old], { routed: 'next', succeeded: 'next', open: [] }], 'c-next'],
    ['stays the old one while a new one is being deployed', [[next, old], { routed: 'old', succeeded: 'old', open: ['next'] }], 'c-old'],
    ['is the routed one when the journal was lost', [[next, old], { routed: 'old', succeeded: undefined, open: [] }], 'c-old'],
    ['is the newest when nothing else is known', [[next, old], { routed: undefined, succeeded: undefined, open: [] }], 'c-next'],
    ['is none before the first success', [[next], { routed: undefined, succeeded: undefined, open: ['next'] }], null],
    ['is none without containers', [[], { routed: 'old', succeeded: 'old', open: [] }], null],
  ])('%s', (_name, given, expected) => {
    expect(currentContainer(...given)?.id ?? null).toBe(expected);
  });
});
