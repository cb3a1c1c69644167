import type { Ingress } from '../../shared/protocol/messages.ts';
import { countServers, findDefaultServer } from '../store/servers.ts';
import type { Context } from './context.ts';

export const version = '0.1.0';

export async function readSystemStatus(ctx: Context) {
  return {
    name: 'dockup' as const,
    status: 'ok' as const,
    version,
    host: ctx.config.host,
    base_domain: ctx.config.baseDomain,
    servers: await countServers(ctx.db),
  };
}

/** How apps of the default server are reached from outside; null until one has connected. */
export async function findIngress(ctx: Context): Promise<Ingress | null> {
  return (await findDefaultServer(ctx.db))?.ingress ?? null;
}
