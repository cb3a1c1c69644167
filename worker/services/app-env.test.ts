import { describe, expect, test } from 'vitest';
import { mergeEnv } from './app-env.ts';

describe('changes of an environment are merged (RFC 7396)', () => {
  const env = { KEEP: '1', CHANGE: '2', REMOVE: '3' };

  test.each([
    ['nothing', {}, env],
    ['a value sets', { CHANGE: 'x', NEW: 'y' }, { KEEP: '1', CHANGE: 'x', REMOVE: '3', NEW: 'y' }],
    ['null removes', { REMOVE: null }, { KEEP: '1', CHANGE: '2' }],
    ['removing what is not there is fine', { NOWHERE: null }, env],
    ['an empty value is a value', { CHANGE: '' }, { ...env, CHANGE: '' }],
    ['all at once', { KEEP: null, CHANGE: null, REMOVE: null }, {}],
  ])('%s', (_what, changes, merged) => {
    expect(mergeEnv(env, changes)).toEqual(merged);
  });

  test('what was there is left as it was', () => {
    mergeEnv(env, { KEEP: null });
    expect(env).toEqual({ KEEP: '1', CHANGE: '2', REMOVE: '3' });
  });

  test('a variable named as a property of every object is a variable', () => {
    const merged = mergeEnv({}, JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>);
    expect(Object.entries(merged)).toEqual([['__proto__', 'x'], ['constructor', 'y']]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
