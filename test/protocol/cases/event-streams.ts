import { expect, test } from 'vitest';
import { event, type Event } from '../../../shared/api/events.ts';
import { problem } from '../../../shared/api/common.ts';
import type { AppStatus } from '../../../shared/status.ts';
import { openEventSource, type EventSource } from '../../support/event-source.ts';
import { setScene, type Plane } from './scene.ts';

export function eventStreamCases(plane: Plane): void {
  const path = (app: string, query = '') => `/api/v1/apps/${app}/events/stream${query}`;
  const follow = (app: string, { query = '', lastEventId }: { query?: string; lastEventId?: string } = {}) =>
    openEventSource({ url: `${plane().url}${path(app, query)}`, token: plane().credentials.api_key, ...(lastEventId !== undefined && { lastEventId }) });
  const next = async (source: EventSource): Promise<Event> => {
    const sent = await source.next();
    const told = event.parse(sent?.data);
    expect(sent?.id).toBe(told.id);
    return told;
  };

  test('an event is told as it happens, with its id', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const source = await follow(app.slug);
    expect(source.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(source.response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}$/);
    // A page of another origin may follow.
    expect(source.response.headers.get('access-control-allow-origin')).toBe('*');
    connection.send({ type: 'event', seq: 1, event: { kind: 'status', app: app.id, status: 'crashed', reason: 'exit code 3', at: Date.now() } });
    expect(await next(source)).toMatchObject({ type: 'app.status', actor: 'system', data: { status: 'crashed', previous: 'created', reason: 'exit code 3' } });
    await plane().request('PATCH', `/api/v1/apps/${app.slug}`, { body: { name: 'renamed' } });
    expect(await next(source)).toMatchObject({ type: 'app.updated', actor: expect.stringMatching(/^usr_/) });
    source.leave();
    await connection.close();
  });

  test('a client that comes back gets every event once: by Last-Event-ID, or by ?after=', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const statuses: AppStatus[] = ['starting', 'running', 'unhealthy', 'running', 'paused', 'stopped'];
    const source = await follow(app.slug);
    const now = Date.now();
    for (const [i, status] of statuses.entries()) await connection.tell({ kind: 'status', app: app.id, status, reason: null, at: now + i });
    // Turning unhealthy and healthy again are events of their own.
    const types = ['app.status', 'app.status', 'app.status', 'app.unhealthy', 'app.status', 'app.healthy', 'app.status', 'app.status'];
    const all: Event[] = [];
    for (const _type of types) all.push(await next(source));
    expect(all.map(({ type }) => type)).toEqual(types);
    source.leave();
    for (const resumed of [await follow(app.slug, { lastEventId: all[2]?.id ?? '' }), await follow(app.slug, { query: `?after=${all[2]?.id}` }), await follow(app.slug, { query: '?after=evt_0000000000000000000000', lastEventId: all[2]?.id ?? '' })]) {
      for (const expected of all.slice(3)) expect(await next(resumed)).toEqual(expected);
      resumed.leave();
    }
    await connection.close();
  });

  test('events of other apps are not told', async () => {
    const [mine, other] = [await setScene(plane()), await setScene(plane())];
    const source = await follow(mine.app.slug);
    await plane().request('PATCH', `/api/v1/apps/${other.app.slug}`, { body: { name: 'not yours' } });
    await plane().request('PATCH', `/api/v1/apps/${mine.app.slug}`, { body: { name: 'yours' } });
    expect(await next(source)).toMatchObject({ app_id: mine.app.id });
    source.leave();
  });

  test('the stream ends with the app', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect({ remove_app: () => ({}), volumes: () => ({ volumes: [] }) });
    const source = await follow(app.slug);
    expect((await plane().request('DELETE', `/api/v1/apps/${app.slug}`)).status).toBe(204);
    expect(await source.next()).toBeUndefined();
    await connection.close();
  });

  test.each([
    ['what is no event', '?after=yesterday', 'invalid_cursor'],
    ['a field that it does not know', '?since=yesterday', 'unknown_field'],
  ])('a stream after %s is refused', async (_name, query, code) => {
    const { app } = await setScene(plane());
    expect(problem.parse((await plane().request('GET', path(app.slug, query))).body).code).toBe(code);
  });
}
