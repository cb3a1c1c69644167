/** Taking a container away for good: its log is kept first, so that it can still be read when the container is gone (REL-18). */
import { removeContainer, type AppContainer } from '../docker/containers.ts';
import type { DeployHost } from './host.ts';

export async function retireContainer({ engine, logs }: Pick<DeployHost, 'engine' | 'logs'>, container: AppContainer): Promise<void> {
  await logs.archive.keep(container);
  await removeContainer(engine, container.id);
}
