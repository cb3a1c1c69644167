/** Every error the API can answer with today: asked for, checked against what its route declares, and found to have changed nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deployment } from '../../shared/api/deployments.ts';
import { problem } from '../../shared/api/common.ts';
import { errorCodes, errorEntry, type ErrorCode } from '../../shared/errors.ts';
import { routes } from '../../worker/registry.ts';
import { errorRows } from '../support/control-plane-errors.ts';
import { startWorld, type World } from '../support/control-plane-world.ts';

/** Why a deployment can have failed: the answer of a caller that waits. */
const failures: readonly ErrorCode[] = [
  'image_not_found', 'image_pull_failed', 'policy_refused', 'container_start_failed', 'host_port_taken', 'container_exited', 'health_check_failed', 'deadline_exceeded', 'app_deleted', 'engine_unreachable',
  'engine_error', 'proxy_unavailable',
];

/** Codes that no single request brings about; `where` is the test of each. */
const elsewhere: Partial<Record<ErrorCode, string>> = {
  internal_error: 'below',
  last_administrator: 'worker/services/users.test.ts',
  concurrent_change: 'worker/services/apps.test.ts',
  reveal_disabled: 'access-secrets.test.ts',
  server_revoked: 'protocol/cases/connection.ts',
  upgrade_required: 'protocol/cases/connection.ts',
  executor_lost: 'protocol/cases/calls.ts',
  ticket_mismatch: 'protocol/cases/sockets.ts',
  url_token_disabled: 'architecture/sockets.test.ts',
  rate_limited: 'e2e/request-limits.test.ts',
  idempotency_key_in_use: 'e2e/idempotency.test.ts',
  too_many_attempts: 'e2e/login.test.ts',
  slow_reader: 'protocol/cases/terminals.ts',
  too_many_streams: 'worker/hub/streams.test.ts',
  deployment_cancelled: 'protocol/cases/deployments.ts',
};

function routeOf(method: string, path: string) {
  const [plain = ''] = path.split('?');
  return routes.find((route) => route.method.toUpperCase() === method && new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(plain));
}

describe('errors', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());
  beforeEach(() => {
    delete world.handlers.act;
    delete world.handlers.remove_app;
    delete world.handlers.update_limits;
    world.handlers.volumes = () => ({ volumes: [] });
  });

  test.each(errorRows)('$code: $why', async ({ code, pointer, ask }) => {
    const { method, path, token = world.ann.session, ...rest } = await ask(world);
    const before = await world.dump();
    const reply = await world.plane.request(method, path, { token, ...rest });

    expect(reply).toMatchObject({ status: errorEntry(code).status, body: { code } });
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    const { title, request_id, type, errors } = problem.parse(reply.body);
    expect({ title, request_id }).toEqual({ title: errorEntry(code).title, request_id: reply.headers.get('x-request-id') });
    expect(type).toMatch(new RegExp(`^http.*/errors#${code}$`));
    expect(errors?.[0]?.pointer).toBe(pointer);
    expect(reply.headers.has('www-authenticate')).toBe(reply.status === 401);
    expect(await world.dump()).toBe(before);

    const route = routeOf(method, path);
    const isDeclared = route === undefined ? code === 'route_not_found' || code === 'method_not_allowed' : route.errors.includes(code);
    expect(isDeclared).toBe(true);
  });

  test.each(failures)('%s: a deployment that failed for it answers the caller that waits', async (code) => {
    const { plane, ann, handlers, connection } = world;
    handlers.deploy = ({ deployment: id, spec }) => {
      const failure = { code, message: `because of ${code}`, phase: 'health' as const, exit_code: null, oom_killed: false, last_probe: null, logs: [] };
      void connection.tell({ kind: 'deployment', deployment: id, app: spec.app, status: 'failed', phase: 'health', at: Date.now(), image_id: null, failure });
      return { accepted: true };
    };
    const reply = await plane.request('POST', `/api/v1/deploy/${ann.app.slug}?wait=30`, { token: ann.session });
    expect(reply).toMatchObject({ status: errorEntry(code).status, body: { code, detail: `because of ${code}` } });
    expect(deployment.parse((reply.body as Record<string, unknown>)['deployment'])).toMatchObject({ status: 'failed', failure: { code } });
    expect(routeOf('POST', '/api/v1/deploy/x')?.errors).toContain(code);
  });

  test('internal_error: what broke goes to the log, the caller gets a number to quote', async () => {
    const { plane, ann, bob } = world;
    await plane.database.execute({ sql: "update apps set settings = 'broken' where id = ?", args: [bob.app.id] });
    const reply = await plane.request('GET', `/api/v1/apps/${bob.app.id}`, { token: bob.session });
    expect(reply).toMatchObject({ status: 500, body: { code: 'internal_error', detail: 'Quote the request id when you report this.' } });
    expect(JSON.stringify(reply.body)).not.toMatch(/JSON|\.ts|at /);
    expect(await plane.logs()).toContain(problem.parse(reply.body).request_id);
    expect(await plane.request('GET', `/api/v1/apps/${ann.app.id}`, { token: ann.session })).toMatchObject({ status: 200 });
  });
});

test('every error code has its row, or its own test', () => {
  const covered = new Set<ErrorCode>([...errorRows.map(({ code }) => code), ...failures]);
  expect(errorCodes.filter((code) => !covered.has(code)).sort()).toEqual(Object.keys(elsewhere).sort());
});

test('every error code is one that a route declares, or that answers where there is no route', () => {
  const declared = new Set(routes.flatMap((route) => route.errors));
  expect(errorCodes.filter((code) => !declared.has(code))).toEqual(['route_not_found', 'method_not_allowed']);
});
