/** An executor that can be killed: from a chosen point on, nothing it asks of disk, engine or proxy happens, and nothing answers. */
import type { DeployHost } from '../../executor/deploy/host.ts';

export interface Mortality {
  /** What it has changed so far, one name for each change; a dead one ends with the change that did not happen. */
  points: readonly string[];
  isDead(): boolean;
  wrap(host: DeployHost): DeployHost;
}

/**
 * Dies right before its `last + 1`th change. Between two changes the world stays as it is, so that a death there is the same as one before the
 * next. `kill -9` gives nobody a chance either: no callback, no `finally`.
 */
export function mortal(last: number): Mortality {
  const points: string[] = [];
  let isDead = false;
  const die = (point: string | null) => {
    if (!isDead && point !== null) isDead = points.push(point) > last;
    return isDead;
  };
  const never = () => new Promise<never>(() => undefined);

  /** `changes` are points; what is only waited for answers no dead one either. */
  const guard = <T extends object>(name: string, target: T, { changes, waits = [] }: { changes: readonly string[]; waits?: readonly string[] }): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key, object);
        if (typeof value !== 'function') return value;
        const method = String(key);
        const isChange = changes.includes(method);
        return (...args: unknown[]): unknown => ((isChange || waits.includes(method)) && die(isChange ? `${name}.${method}` : null) ? never() : value.apply(object, args));
      },
    });

  return {
    points,
    isDead: () => isDead,
    wrap(host) {
      for (const { modem } of [host.engine.docker, host.engine.quick]) {
        const dial = modem.dial.bind(modem);
        modem.dial = (options, callback) => {
          if (!die(changeOf(options))) dial(options, callback);
        };
      }
      // Logs are read beside that client: who is dead finds no engine.
      const { socketPath } = host.engine;
      Object.defineProperty(host.engine, 'socketPath', { get: () => (isDead ? '/nowhere.sock' : socketPath) });
      Object.defineProperty(host.logs, 'archive', { value: guard('archive', host.logs.archive, { changes: ['keep'] }) });
      return {
        ...host,
        journal: guard('journal', host.journal, { changes: ['accept', 'change', 'conclude'] }),
        proxy: guard('proxy', host.proxy, { changes: ['switchTo', 'remove'], waits: ['ensure', 'drain'] }),
        emit: (event) => (isDead ? undefined : host.emit(event)),
      };
    },
  };
}

/** What a request changes, without the names in it; null of one that only asks. */
function changeOf({ method = 'GET', path }: { method?: string | undefined; path: string }): string | null {
  const [, kind = '', rest = ''] = /^\/(\w+)\/([^?]*)/.exec(path) ?? [];
  const verb = /(?:^|\/)(create|start|stop|update|tag|wait)$/.exec(rest)?.[1] ?? '';
  return method === 'GET' || verb === 'wait' ? null : `${method} ${kind} ${verb}`.trim();
}
