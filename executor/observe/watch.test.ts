import { describe, expect, it } from 'vitest';
import { toHint } from './watch.ts';

describe('events of the engine', () => {
  it('are read for what happened to which app', () => {
    const line = '{"status":"die","id":"c1","Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"dockup.app":"app_1","dockup.deployment":"dep_1","exitCode":"1"}},"time":1}';
    expect(toHint(line)).toEqual({ action: 'die', container: 'c1', app: 'app_1', deployment: 'dep_1' });
  });

  it.each(['', '{', 'null', '{"Action":"die"}', '{"Action":1,"Actor":{"ID":"x","Attributes":{}}}'])('are passed over when they are %j', (line) => {
    expect(toHint(line)).toBeNull();
  });
});
