/** How the executor beside the API gets its enrolment token: through the same door as every other one. */
import { loadIdentity } from '../../executor/identity.ts';
import { SetupError } from '../setup/error.ts';
import type { Client } from './client.ts';

const serverName = 'local';

/** Undefined once it has enrolled. @throws SetupError when it belongs to another control plane */
export async function enrolmentToken(executorDir: string, client: Client): Promise<string | undefined> {
  const servers = await client.listServers();
  const identity = await loadIdentity(executorDir);
  if (identity === null) {
    // Left by a first start that was interrupted: its token is lost.
    for (const server of servers) if (server.name === serverName && server.status === 'pending') await client.removeServer(server.id);
    return client.registerServer(serverName);
  }
  if (servers.some((server) => server.id === identity.serverId)) return undefined;
  throw new SetupError(`${executorDir} belongs to ${identity.serverId}, which this control plane does not know. Give it another DOCKUP_EXECUTOR_DIR.`);
}
