import { describe, expect, test } from 'vitest';
import { scopes, type Scope } from '../../shared/api/auth.ts';
import { actions, refusalOf, refusalOfLevel, type Action, type Level, type Powers } from './permissions.ts';

const all = [...new Set<Action>([...Object.values(actions), 'swagger'])];
const owner: Powers = { role: 'owner', grants: [], via: 'session', scopes: null, isBounded: false };
const administrator: Powers = { ...owner, role: 'admin' };
const member: Powers = { ...owner, role: 'member' };
/** What no key does. */
const signIn: readonly Action[] = ['sign_in', 'reveal_key', 'hand_over'];
const allowed = (powers: Powers) => all.filter((action) => refusalOf(powers, action) === null);
const codes = (powers: Powers) => Object.fromEntries(all.map((action) => [action, refusalOf(powers, action)?.code ?? 'allowed']));

describe('SEC-03 on a session', () => {
  test('the owner may do everything, an administrator all but hand the instance over', () => {
    expect(allowed(owner)).toEqual(all);
    expect(allowed(administrator)).toEqual(all.filter((action) => action !== 'hand_over'));
  });

  test('a member may do everything but administer, and what has to be granted only when it is', () => {
    expect(codes(member)).toMatchObject({ admin: 'forbidden', hand_over: 'forbidden', issue_key: 'grant_missing', swagger: 'grant_missing', account: 'allowed', 'apps:write': 'allowed', exec: 'allowed', self: 'allowed' });
    expect(codes({ ...member, grants: ['swagger'] })).toMatchObject({ issue_key: 'grant_missing', swagger: 'allowed' });
    expect(codes({ ...member, grants: ['api_tokens'] })).toMatchObject({ issue_key: 'allowed', swagger: 'grant_missing', admin: 'forbidden' });
  });
});

describe('SEC-03 with an API key', () => {
  const own: Powers = { ...member, grants: ['api_tokens'], via: 'api_key' };

  test('a member may do nothing at all until keys are granted to them', () => {
    expect(allowed({ ...member, via: 'api_key' })).toEqual([]);
    expect(allowed(own)).toEqual(all.filter((action) => action !== 'admin' && action !== 'swagger' && !signIn.includes(action)));
  });

  test.each(scopes.filter((scope) => scope !== 'admin'))('the scope %s allows what is named so, to know oneself, and nothing else', (scope) => {
    const expected = [scope, 'self', ...(scope === 'apps:write' ? ['delete_project'] : [])].toSorted();
    expect(allowed({ ...own, scopes: [scope] }).toSorted()).toEqual(expected);
    expect(allowed({ ...administrator, via: 'api_key', scopes: [scope] }).toSorted()).toEqual(expected);
  });

  test('the scope admin allows what its owner may, which of a member is no administration', () => {
    for (const powers of [owner, administrator]) expect(allowed({ ...powers, via: 'api_key', scopes: ['admin'] })).toEqual(all.filter((action) => !signIn.includes(action)));
    expect(codes({ ...own, scopes: ['admin'] })).toMatchObject({ admin: 'forbidden', account: 'allowed', issue_key: 'allowed' });
  });

  test('SEC-12 no key does what is done with the account itself, whoever it belongs to and whatever its scopes', () => {
    for (const wanted of [null, [...scopes]]) {
      for (const powers of [administrator, own]) expect(codes({ ...powers, via: 'api_key', scopes: wanted })).toMatchObject({ sign_in: 'session_needed', reveal_key: 'reveal_needs_session' });
    }
  });

  test('one that reaches only some things makes no other keys and administers nothing, whatever its scopes', () => {
    for (const wanted of [null, ['admin'] satisfies Scope[]]) {
      expect(codes({ ...administrator, via: 'api_key', scopes: wanted, isBounded: true })).toMatchObject({ admin: 'scope_missing', share: 'scope_missing', account: 'scope_missing', issue_key: 'scope_missing', 'apps:write': 'allowed' });
    }
  });
});

describe('SEC-03 with what is shared', () => {
  const refused = (level: Level) => all.filter((action) => refusalOfLevel(level, action) !== null);

  test('the owner is refused nothing, a developer what is left to the owner', () => {
    expect(refused('owner')).toEqual([]);
    expect(refused('developer').toSorted()).toEqual(['delete_project', 'share']);
  });

  test('a viewer reads, and reads logs', () => {
    expect(all.filter((action) => !refused('viewer').includes(action)).toSorted()).toEqual(['apps:read', 'logs']);
  });
});
