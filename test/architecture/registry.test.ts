/** The one list of endpoints, and who may call what. */
import { describe, expect, test } from 'vitest';
import { errorEntry } from '../../shared/errors.ts';
import { routes } from '../../worker/registry.ts';

const name = ({ method, path }: { method: string; path: string }) => `${method.toUpperCase()} ${path}`;

describe('the registry', () => {
  test('no two routes share an operationId, or a method and a path', () => {
    expect(new Set(routes.map((route) => route.operationId)).size).toBe(routes.length);
    expect(new Set(routes.map(name)).size).toBe(routes.length);
  });

  test('SEC-09 the routes that need no login are these and no others', () => {
    const open = routes.filter((route) => route.access.kind === 'public' || route.access.kind === 'executor');
    expect(open.map((route) => `${name(route)}: ${route.access.kind}`).sort()).toEqual([
      'GET /api/v1/executors/connect: executor',
      'GET /api/v1/executors/transfers/{transferId}: executor',
      'GET /api/v1/system/status: public',
      'POST /api/v1/auth/login: public',
      'POST /api/v1/executors/enrol: executor',
      'POST /api/v1/executors/transfers/{transferId}: executor',
      'POST /api/v1/invitations/accept: public',
    ]);
  });

  test('SEC-03 what a path names is what its access reaches', () => {
    const owners: Record<string, string> = { projectId: 'project', environmentId: 'environment', appId: 'app', slug: 'app', deploymentId: 'deployment', serverId: 'server', userId: 'administrator', teamId: 'administrator', invitationId: 'administrator', tagId: 'administrator', keyId: 'user', sessionId: 'user', uploadId: 'app', volume: 'app', transferId: 'executor' };
    for (const route of routes) {
      const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => parameter);
      // Whom something is shared with, and the tag it is given, say nothing about what that is; and a tag is everybody's to read.
      const named = parameters.filter((parameter) => parameter !== 'holderId' && !(parameter === 'tagId' && (parameters.length > 1 || route.method === 'get'))).map((parameter) => owners[parameter]);
      expect.soft(named.filter((kind) => kind !== route.access.kind), name(route)).toEqual([]);
    }
  });

  test('paths are lower case, nouns in the plural, parameters in braces', () => {
    for (const { path } of routes) expect(path).toMatch(/^\/api\/v1(\/([a-z-]+|\{[a-zA-Z]+\}))+$/);
  });

  test('SEC-16 a route that changes something is no GET', () => {
    const verbs = /^(accept|create|update|patch|delete|deploy|duplicate|start|stop|restart|pause|unpause|cancel|confirm|grant|revoke|reveal|enrol|logIn|logOut|upload|add|rollback|exec|make)/;
    expect(routes.filter((route) => route.method === 'get' && verbs.test(route.operationId)).map(name)).toEqual([]);
    expect(routes.filter((route) => route.method !== 'get' && route.method !== 'options' && !verbs.test(route.operationId)).map(name)).toEqual([]);
  });

  test('every POST takes an Idempotency-Key, or says why it does not', () => {
    const posts = routes.filter(({ method }) => method === 'post');
    expect(posts.filter(({ takesKey, whyNoKey }) => takesKey === (whyNoKey !== undefined))).toEqual([]);
    expect(posts.filter(({ takesKey }) => !takesKey).map(({ operationId, whyNoKey }) => `${operationId}: ${whyNoKey}`).sort()).toEqual([
      'acceptInvitation: An invitation works once.',
      'confirmTotp: A code is good once, and recovery codes are not kept where they were answered.',
      'createRecoveryCodes: A code is good once, and recovery codes are not kept where they were answered.',
      'createTicket: A ticket works once, within 30 seconds: ask for another one.',
      'createTotpSecret: A secret is not kept where it was answered: asking again gives another one.',
      'enrolExecutor: The enrolment token works once.',
      'logIn: A session token is not kept, and logging in again does no harm.',
      'logOut: Sent again, the token is no longer one.',
      'revealApiKey: Every time a key is shown is audited.',
      'updatePassword: The current password is asked for, and after the first time it is another one.',
      'uploadTransfer: A transfer works once.',
    ]);
  });

  test('a key is taken where it is known whose it is, and by nothing but POST', () => {
    const taking = routes.filter(({ takesKey }) => takesKey);
    expect(taking.length).toBeGreaterThan(15);
    expect(taking.filter(({ access, method }) => access.kind === 'public' || access.kind === 'executor' || method !== 'post').map(name)).toEqual([]);
    for (const { errors } of taking) expect(errors).toEqual(expect.arrayContaining(['idempotency_key_invalid', 'idempotency_key_reused', 'idempotency_key_in_use', 'idempotency_reply_not_kept']));
  });

  test('every route counts its requests, but for those of executors', () => {
    expect(routes.filter(({ errors }) => !errors.includes('rate_limited')).map(name)).toEqual(routes.filter(({ access }) => access.kind === 'executor').map(name));
  });

  test('every route that asks for a login can answer 401, every one with a right 403', () => {
    const statuses = (codes: readonly Parameters<typeof errorEntry>[0][]) => new Set(codes.map((code) => errorEntry(code).status));
    for (const { access, errors } of routes) {
      const isOpen = access.kind === 'public' || access.kind === 'executor';
      expect(isOpen || statuses(errors).has(401)).toBe(true);
      expect(access.kind !== 'administrator' || statuses(errors).has(403)).toBe(true);
    }
  });
});
