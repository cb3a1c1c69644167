import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { server as serverSchema, serverPage, type Server } from '../../../shared/api/servers.ts';
import { limits } from '../../../shared/protocol/limits.ts';
import { openCuttable } from '../../support/cuttable.ts';
import { startLink } from '../../support/real-link.ts';
import { setScene, type Plane } from './scene.ts';

/** ms in which a cut without a word has to be known (REL-01). */
const promised = 30_000;

/** Connections that are cut without a word, and connections that only have nothing to say. */
export function silenceCases(plane: Plane): void {
  const readServer = (id: string): Promise<Server> => plane().expect(200, serverSchema, plane().request('GET', `/api/v1/servers/${id}`));

  describe.concurrent('silence', { timeout: 90_000 }, () => {
    test('REL-01 a silent cut makes the server offline within 30 s at either end, with since and reason, and its return online', async () => {
      const { executor, app } = await setScene(plane());
      const way = await openCuttable(plane().url);
      const link = startLink({ apiUrl: way.url, executor });
      await expect.poll(async () => (await readServer(executor.serverId)).status, { timeout: 10_000 }).toBe('online');

      way.cut();
      const [cutAt, cutDate] = [performance.now(), Date.now()];
      await expect.poll(async () => (await readServer(executor.serverId)).status, { timeout: promised + 5_000, interval: 500 }).toBe('offline');
      expect(performance.now() - cutAt).toBeLessThan(promised);
      const gone = await readServer(executor.serverId);
      expect(gone.status_reason).toBe('no sign of life for 24 s');
      expect(Date.parse(gone.status_since)).toBeLessThan(cutDate + 1_000);
      expect(Date.parse(gone.status_since)).toBeGreaterThan(cutDate - limits.pingInterval - 1_000);

      expect((await plane().getApp(app.id)).server_status).toBe('offline');
      const { data } = await plane().expect(200, serverPage, plane().request('GET', '/api/v1/servers?limit=200'));
      expect(data.find(({ id }) => id === executor.serverId)).toEqual(gone);
      expect(await plane().request('POST', `/api/v1/deploy/${app.slug}`)).toMatchObject({ status: 503, body: { code: 'executor_offline', offline_since: gone.status_since } });
      await expect.poll(async () => (await rowOf(executor.serverId)).status, { timeout: 5_000 }).toBe('offline');

      await expect.poll(() => link.endings[0]?.reason, { timeout: promised, interval: 200 }).toBe('no sign of life for 24 s');
      expect((link.endings[0]?.at ?? Infinity) - cutAt).toBeLessThan(promised);
      way.mend();
      await expect.poll(async () => (await readServer(executor.serverId)).status, { timeout: 20_000 }).toBe('online');
      await link.stop();
      await way.close();
    });

    test('REL-01 an executor that has nothing to say but pings stays online, and nothing is written of it', async () => {
      const { executor } = await setScene(plane());
      const connection = await executor.connect();
      await expect.poll(async () => (await rowOf(executor.serverId)).status, { timeout: 5_000 }).toBe('online');
      const before = await rowOf(executor.serverId);
      await sleep(limits.connectionSilence + limits.pingInterval);
      expect((await readServer(executor.serverId)).status).toBe('online');
      expect(connection.isOpen()).toBe(true);
      expect(await rowOf(executor.serverId)).toEqual(before);
      await connection.close();
    });
  });

  const rowOf = async (id: string) => {
    const { rows } = await plane().database.execute({ sql: 'select * from servers where id = ?', args: [id] });
    return { ...rows[0] };
  };
}
