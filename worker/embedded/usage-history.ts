/** The embedded host keeps the history of all its servers in one table. */
import type { UsageHistory } from '../services/ports.ts';
import { isPruneDue, oldestMinute } from '../hub/history-life.ts';
import type { Db } from '../store/db.ts';
import { dropUsage, pruneUsage, putUsage, readUsage } from '../store/usage-history.ts';

export function createUsageHistory(db: Db, clock: () => number = Date.now): UsageHistory {
  return {
    put: async (serverId, minute, apps) => {
      await putUsage(db, serverId, minute, apps);
      if (isPruneDue(minute)) await pruneUsage(db, oldestMinute(clock()));
    },
    read: async (serverId, appId, since) => {
      const rows = await readUsage(db, serverId, appId, Math.max(since, oldestMinute(clock())));
      return rows.map(({ minute, usage: { app: _app, ...usage } }) => ({ minute, ...usage }));
    },
    drop: (serverId) => dropUsage(db, serverId),
  };
}
