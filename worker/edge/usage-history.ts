/** The edge host keeps the history of a server in the SQLite of its own Durable Object: reading it costs the database nothing (platform notes, cost model). */
import type { MinuteUsage } from '../../shared/protocol/usage.ts';
import { isPruneDue, oldestMinute } from '../hub/history-life.ts';
import type { UsageHistory } from '../services/ports.ts';

/** The object has one server's rows only, so the server need not be told. */
export function createUsageHistory(sql: SqlStorage, clock: () => number = Date.now): UsageHistory {
  sql.exec('create table if not exists usage_history (minute integer primary key, apps text not null)');
  return {
    put: async (_server, minute, apps) => {
      sql.exec('insert into usage_history (minute, apps) values (?, ?) on conflict (minute) do update set apps = excluded.apps', minute, JSON.stringify(apps));
      if (isPruneDue(minute)) sql.exec('delete from usage_history where minute < ?', oldestMinute(clock()));
    },
    read: async (_server, app, since) => {
      const rows = sql.exec<{ minute: number; usage: string }>(
        `select minute, entry.value as usage from usage_history, json_each(apps) as entry where minute >= ? and json_extract(entry.value, '$.app') = ? order by minute`,
        Math.max(since, oldestMinute(clock())),
        app,
      );
      // Written by `put` above, from what the protocol has checked.
      return [...rows].map(({ minute, usage }) => ({ minute, ...withoutApp(JSON.parse(usage) as MinuteUsage) }));
    },
    drop: async () => void sql.exec('delete from usage_history'),
  };
}

function withoutApp({ app: _app, ...usage }: MinuteUsage): Omit<MinuteUsage, 'app'> {
  return usage;
}
