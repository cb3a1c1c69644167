import type Dockerode from 'dockerode';

interface Changes {
  getContainer: (id: string) => Dockerode.Container;
  listContainers?: (options?: Dockerode.ContainerListOptions) => Promise<Dockerode.ContainerInfo[]>;
}

/** The real client of the engine, with some of its functions replaced. */
export function alteredDocker(docker: Dockerode, changes: Changes): Dockerode {
  return new Proxy(docker, {
    get(target, key) {
      const value: unknown = Reflect.get(changes, key) ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
