import { AppError } from '../../shared/errors.ts';
import { labels } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { asked, type Engine } from './engine.ts';

/**
 * Asked before anything is stopped for the new container. Only containers can be asked about: what another program listens on the engine finds
 * at the start, and then the old container is started again. @throws AppError host_port_taken
 */
export async function requireFreePorts({ quick }: Engine, { app, published_ports: ports = [] }: Pick<AppSpec, 'app' | 'published_ports'>): Promise<void> {
  if (ports.length === 0) return;
  const containers = await asked('list containers', quick.listContainers());
  const taken = containers.flatMap(({ Labels, Ports }) => (Labels[labels.app] === app ? [] : Ports));
  const clash = ports.find(({ host_port: port, protocol }) => taken.some(({ PublicPort, Type }) => PublicPort === port && Type === protocol));
  if (clash !== undefined) throw new AppError('host_port_taken', { detail: `Another container publishes port ${clash.host_port}/${clash.protocol} of the server.` });
}
