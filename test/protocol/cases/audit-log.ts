import { expect, test } from 'vitest';
import { auditPage, auditVerdict, type AuditEntry } from '../../../shared/api/audit-log.ts';
import { eventPage } from '../../../shared/api/events.ts';
import { team } from '../../../shared/api/teams.ts';
import { openSocket } from '../../support/socket-client.ts';
import { connectAndServe, setScene, type Plane } from './scene.ts';

export function auditCases(plane: Plane): void {
  const read = async (query = '') => (await plane().expect(200, auditPage, plane().request('GET', `/api/v1/audit-log?limit=200${query}`))).data;
  const verify = () => plane().expect(200, auditVerdict, plane().request('GET', '/api/v1/audit-log/verify'));

  test('whoever writes to the audit log at the same moment, it is one chain, and exported as it is', async () => {
    const made = await Promise.all(Array.from({ length: 24 }, (_, index) => plane().expect(201, team, plane().request('POST', '/api/v1/teams', { body: { name: `team ${index}` } }))));
    const told = await read('&action=team.create');
    expect(told.map(({ target }) => target)).toEqual(expect.arrayContaining(made.map(({ id }) => id)));
    const verdict = await verify();
    expect(verdict).toMatchObject({ intact: true, broken_at: null });
    const reply = await fetch(`${plane().url}/api/v1/audit-log/export`, { headers: { authorization: `Bearer ${plane().credentials.api_key}` } });
    const entries = (await reply.text()).trimEnd().split('\n').map((line) => JSON.parse(line) as AuditEntry);
    expect([entries.length, entries.at(-1)?.hash]).toEqual([verdict.rows, verdict.head]);
    expect(entries[0]).toMatchObject({ seq: 1, action: 'instance.create', actor: 'system' });
  });

  test('the audit log is refused to be changed by whoever has the database, too', async () => {
    const before = await verify();
    await expect(plane().database.execute("update audit_entries set actor = 'usr_1'")).rejects.toThrow(/append-only/);
    await expect(plane().database.execute('delete from audit_entries')).rejects.toThrow(/append-only/);
    expect(await verify()).toEqual(before);
  });

  test('a terminal is told of before it opens, and one that does not open is not', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    const path = `/api/v1/apps/${scene.app.slug}/exec`;
    const { api_key: token } = plane().credentials;
    expect((await plane().request('GET', path)).status).toBe(426);
    const client = await openSocket({ url: plane().url, path: `${path}?cmd=ls&cmd=--planted`, token });
    await connection.until(() => connection.streams[0]);
    expect((await read('&action=app.terminal')).filter(({ target }) => target === scene.app.id)).toMatchObject([{ via: 'api_key', credential: expect.stringMatching(/^key_/), detail: { program: 'ls' }, outcome: 'done' }]);
    await client.close();
    await connection.close();
  });

  test.each([
    ['is longer than what is told of it, and is cut within a character', `/tmp/${'a'.repeat(194)}💥/sh`, `/tmp/${'a'.repeat(194)}`],
    ['has half of a character', '/tmp/\ud83d/sh', '/tmp/\ufffd/sh'],
  ])('a command that has run is told of, also where the name of its program %s', async (_what, program, told) => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { exec: () => ({ exit_code: 0, stdout: 'ran', stderr: '', truncated: false }) });
    const path = `/api/v1/apps/${scene.app.slug}`;
    expect(await plane().request('POST', `${path}/exec`, { body: { cmd: [program, 'x'] } })).toMatchObject({ status: 200, body: { stdout: 'ran' } });
    expect((await read('&action=app.exec')).filter(({ target }) => target === scene.app.id)).toMatchObject([{ detail: { program: told }, outcome: 'done' }]);
    const { data: events } = await plane().expect(200, eventPage, plane().request('GET', `${path}/events?type=app.exec`));
    expect(events.map(({ data }) => data)).toEqual([{ program: told }]);
    await connection.close();
  });
}
