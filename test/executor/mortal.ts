/** An executor that can be killed: from a chosen point on, nothing it asks of disk, engine or proxy happens, and nothing answers. */
import type { DeployHost } from '../../executor/deploy/host.ts';
import type { Journal } from '../../executor/journal.ts';
import type { Proxy as RoutingProxy } from '../../executor/proxy/proxy.ts';

export interface Mortality {
  /** Requests that change or read the world so far. */
  count(): number;
  isDead(): boolean;
  wrap(host: DeployHost): DeployHost;
}

/** Dies right before its `last + 1`th request. `kill -9` gives nobody a chance either: no callback, no `finally`. */
export function mortal(last: number): Mortality {
  let count = 0;
  let isDead = false;
  const isOver = () => {
    if (!isDead && ++count > last) isDead = true;
    return isDead;
  };
  const never = () => new Promise<never>(() => undefined);
  const guard = <T extends object>(target: T, methods: readonly string[]): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => (methods.includes(String(name)) && isOver() ? never() : value.apply(object, args));
      },
    });

  return {
    count: () => count,
    isDead: () => isDead,
    wrap(host) {
      for (const { modem } of [host.engine.docker, host.engine.quick]) {
        const dial = modem.dial.bind(modem);
        modem.dial = (options, callback) => {
          if (!isOver()) dial(options, callback);
        };
      }
      return {
        ...host,
        journal: guard<Journal>(host.journal, ['accept', 'change', 'conclude']),
        proxy: guard<RoutingProxy>(host.proxy, ['ensure', 'switchTo', 'drain', 'remove']),
        emit: (event) => (isDead ? undefined : host.emit(event)),
      };
    },
  };
}
