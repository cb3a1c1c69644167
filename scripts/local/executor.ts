/** The executor of this machine: enrolled through the same door as every other one, restarted when it ends by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadIdentity } from '../../executor/identity.ts';
import { SetupError } from '../setup/error.ts';
import { startChild, type Child } from './child.ts';
import type { Client } from './client.ts';
import { enrolmentToken } from './enrolment.ts';
import { nodeProgram } from './node-program.ts';
import type { Settings } from './settings.ts';
import type { StartOptions } from './start-options.ts';
import { supervise, type Supervised } from './supervise.ts';

/** Milliseconds: the first start makes the image of the proxy. */
const onlineTimeout = 60_000;

/** Resolves when the control plane calls its server online. */
export async function startExecutor(settings: Settings, client: Client, { say, signal }: StartOptions): Promise<Supervised> {
  const token = await enrolmentToken(settings.executorDir, client);
  const start = (): Child =>
    startChild({
      name: 'executor',
      ...nodeProgram('executor/main.ts', { ...settings.env, DOCKUP_API_URL: settings.apiUrl, ...(token !== undefined && { DOCKUP_ENROLMENT_TOKEN: token }) }),
      dataDir: settings.dataDir,
      onLine: (line) => say(`executor: ${line}`),
    });

  const first = start();
  try {
    await waitUntilOnline(settings, client, { executor: first, signal });
  } catch (error) {
    await first.stop(2_000);
    throw error;
  }
  return supervise(first, start, say);
}

async function waitUntilOnline(settings: Settings, client: Client, { executor, signal }: { executor: Child; signal: AbortSignal }): Promise<void> {
  let reason = 'it did not connect';
  for (const deadline = Date.now() + onlineTimeout; Date.now() < deadline && !executor.hasEnded(); await sleep(100, undefined, { signal })) {
    const identity = await loadIdentity(settings.executorDir);
    if (identity === null) continue;
    const server = (await client.listServers()).find(({ id }) => id === identity.serverId);
    if (server?.status === 'online') return;
    reason = server?.status_reason ?? reason;
  }
  throw new SetupError(`The executor did not come online: ${reason}. ${await executor.lastLines()}`);
}
