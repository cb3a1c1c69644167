import type { InStatement } from '@libsql/client';
import { describe, expect, it } from 'vitest';
import { guarded } from './guarded-client.ts';

const busy = () => Object.assign(new Error('SQLITE_BUSY: database is locked'), { code: 'SQLITE_BUSY' });

/** A client that is busy so many times first. */
function clientThat({ isBusyFor = 0, fails }: { isBusyFor?: number; fails?: Error } = {}) {
  const asked: unknown[] = [];
  const answer = async (statement: unknown) => {
    asked.push(statement);
    if (asked.length <= isBusyFor) throw busy();
    if (fails !== undefined) throw fails;
    return 'done' as never;
  };
  return { asked, client: guarded({ execute: (statement: InStatement) => answer(statement), batch: (statements: InStatement[], _mode?: string) => answer(statements) }) };
}

const half = 'x\ud800';

describe('a text that is no text', () => {
  it.each<[string, (client: ReturnType<typeof clientThat>['client']) => Promise<unknown>]>([
    ['of a statement', async (client) => client.execute({ sql: 'select ?', args: [half] })],
    ['of a statement whose values have names', async (client) => client.execute({ sql: 'select :a', args: { a: half } })],
    ['of a batch', async (client) => client.batch(['select 1', { sql: 'select ?', args: [1, half] }], 'write')],
  ])('%s is refused, and nothing is asked', async (_where, ask) => {
    const { asked, client } = clientThat();
    await expect(ask(client)).rejects.toMatchObject({ code: 'invalid_value' });
    expect(asked).toEqual([]);
  });

  it('is none of those that have pairs, and no other value', async () => {
    const { client } = clientThat();
    expect(await client.execute({ sql: 'select ?, ?, ?', args: ['💥', null, 7] })).toBe('done');
    expect(await client.execute('select 1')).toBe('done');
  });
});

describe('a database that is busy', () => {
  it('is asked again until it is free', async () => {
    const { asked, client } = clientThat({ isBusyFor: 3 });
    expect(await client.batch(['insert'], 'write')).toBe('done');
    expect(asked).toHaveLength(4);
  });

  it('is told apart from one that refuses', async () => {
    const { asked, client } = clientThat({ fails: Object.assign(new Error('UNIQUE constraint failed'), { code: 'SQLITE_CONSTRAINT' }) });
    await expect(client.execute('insert')).rejects.toThrow('UNIQUE');
    expect(asked).toHaveLength(1);
  });
});
