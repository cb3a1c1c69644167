import { describe, expect, test } from 'vitest';
import { appHost, containerName, idPattern, isId, isReservedSlug, newId, readContainerName, slugPattern, smallestId, timeOfId, type IdKind } from './names.ts';

const random = (fill: number) => new Uint8Array(13).fill(fill);

describe('SEC-07 slugs', () => {
  test.each(['a', '7', 'my-app', 'a1', '1a', 'a--b', 'x'.repeat(40), `a${'-'.repeat(38)}b`])('%s is one', (slug) => {
    expect(slugPattern.test(slug)).toBe(true);
  });

  const nasty = [
    '', '-', '-a', 'a-', 'A', 'My-App', 'a_b', 'a.b', 'a b', ' a', 'a ', 'a\n', '\na', 'a\u0000', 'x'.repeat(41), 'ä', 'ａ', 'a\u200bb', 'аpp', '../x', '..', '/', 'a/b', '%2e', '*',
    '$(reboot)', '`id`', 'a;b', 'a&b', 'a|b', "a'b", 'a"b', '{{x}}', '<b>', '-oProxyCommand=x', '--upload-pack=x', '@', 'a@b', 'a:b', 'app_1k3m8v0qz9x4c7b2n5h6t0',
  ];
  test.each(nasty)('%j is none', (slug) => {
    expect(slugPattern.test(slug)).toBe(false);
  });

  test('what would shadow a host of Dockup itself is reserved', () => {
    expect(['www', 'api', 'admin', 'new', 'me', 'deploy', 'localhost', 'xn--80ak6aa92e'].filter((slug) => !isReservedSlug(slug))).toEqual([]);
    expect(['wwww', 'my-api', 'shop', 'xn-a'].filter(isReservedSlug)).toEqual([]);
  });

  test('the longest one makes a host name of one legal label', () => {
    const [label = ''] = appHost('x'.repeat(40), 'example.com').split('.');
    expect(label).toBe(`${'x'.repeat(40)}-app`);
    expect(label.length).toBeLessThanOrEqual(63);
  });
});

describe('ids', () => {
  const kinds: IdKind[] = ['user', 'key', 'project', 'app', 'deployment', 'server', 'event', 'audit'];

  test.each(kinds)('an id of kind %s is one of that kind only, and never a slug', (kind) => {
    const id = newId(kind, Date.now(), crypto.getRandomValues(new Uint8Array(13)));
    expect(kinds.filter((other) => isId(other, id))).toEqual([kind]);
    expect(slugPattern.test(id)).toBe(false);
  });

  test('sort by the time they were made, to the millisecond', () => {
    const times = [0, 1, 31, 32, 1_795_373_428_000, 1_795_373_428_001, Date.UTC(2050, 0), Date.UTC(3080, 0)];
    const ids = times.map((time, i) => newId('app', time, random(31 - i)));
    expect([...ids].sort()).toEqual(ids);
  });

  test.each([0, 1, 1_795_373_428_001, Date.UTC(3080, 0)])('tell when they were made: %d', (time) => {
    const id = newId('event', time, random(7));
    expect(timeOfId(id)).toBe(time);
    expect(smallestId('event', time) <= id).toBe(true);
    expect(smallestId('event', time + 1) > id).toBe(true);
  });

  test('of the same millisecond differ by their randomness', () => {
    expect(newId('app', 1, random(1))).not.toBe(newId('app', 1, random(2)));
  });

  test.each(['', 'app_', 'app_short', `app_${'i'.repeat(22)}`, `app_${'0'.repeat(23)}`, `app_${'0'.repeat(22)}\n`, `APP_${'0'.repeat(22)}`, `${'0'.repeat(22)}`])('%j is no id', (text) => {
    expect(idPattern('app').test(text)).toBe(false);
  });
});

test('a container is named after its app and its deployment, within what Docker allows', () => {
  const name = containerName('x'.repeat(40), newId('deployment', Date.now(), random(5)));
  expect(name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}$/);
});

test('and its name is read again, also of an app whose name looks like one; any other name is none', () => {
  const id = newId('deployment', Date.now(), random(5));
  for (const slug of ['a', 'web-1', `dockup-a-${'0'.repeat(12)}`, 'x'.repeat(40)]) expect(readContainerName(containerName(slug, id))).toEqual({ slug, tail: id.slice(-12) });
  for (const name of ['', 'web-1', 'dockup-web', `dockup--${'0'.repeat(11)}`, `dockup-web-${'%'.repeat(12)}`, `${containerName('web', id)}\n`, `x${containerName('web', id)}`]) expect(readContainerName(name)).toBeUndefined();
});
