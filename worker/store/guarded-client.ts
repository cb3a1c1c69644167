/**
 * What every statement goes through, on either host. A text that UTF-8 cannot hold (half of a surrogate pair, which JSON spells `\ud800`) would be kept as another one by a file, and refused by a server that does not
 * say why: here it is refused before anything is asked. A database that is busy has done nothing, and is asked again.
 */
import type { Client, InArgs, InStatement, InValue } from '@libsql/client/web';
import { AppError } from '../../shared/errors.ts';

/** ms: for as long a busy database is asked again; and between two attempts at most. */
const [patience, longestPause] = [5_000, 100];

export function guarded<C extends Pick<Client, 'execute' | 'batch'>>(client: C): C {
  const execute = (given: InStatement, args?: InArgs) => {
    const statement = typeof given === 'string' && args !== undefined ? { sql: given, args } : given;
    checkTexts(statement);
    return whenFree(() => client.execute(statement));
  };
  const batch: Client['batch'] = (statements, mode) => {
    for (const statement of statements) checkTexts(Array.isArray(statement) ? { sql: statement[0], args: statement[1] ?? [] } : statement);
    return whenFree(() => client.batch(statements, mode));
  };
  return new Proxy(client, {
    get(target, property) {
      if (property === 'execute') return execute;
      if (property === 'batch') return batch;
      // Methods use private fields, so they must be called on the client itself.
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** @throws AppError invalid_value */
function checkTexts(statement: InStatement): void {
  if (typeof statement === 'string' || statement.args === undefined) return;
  const values: readonly InValue[] = Array.isArray(statement.args) ? statement.args : Object.values(statement.args);
  for (const value of values) {
    if (typeof value === 'string' && !value.isWellFormed()) throw new AppError('invalid_value', { detail: 'A text has half of a surrogate pair, which is no character.' });
  }
}

async function whenFree<T>(ask: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + patience; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error;
      // Not all of them again at the same moment.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longestPause));
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}
