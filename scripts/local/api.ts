/** The control plane as a local process, on either host. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepSecrets } from '../../worker/embedded/secrets.ts';
import { SetupError } from '../setup/error.ts';
import { run } from '../setup/run.ts';
import { startChild, type Child } from './child.ts';
import { startLibsql } from './libsql.ts';
import { nodeProgram } from './node-program.ts';
import { root, type Settings } from './settings.ts';

type Say = (line: string) => void;

export interface LocalApi {
  /** Its processes, the one that answers HTTP first. */
  children: [Child, ...Child[]];
  /** Starts that one again, as it was. */
  again: () => Child;
}

export async function startApi(settings: Settings, say: Say): Promise<LocalApi> {
  if (settings.host === 'edge') return startEdge(settings, say);
  const again = () => startEmbedded(settings, say);
  return { children: [again()], again };
}

function startEmbedded({ env, dataDir }: Settings, say: Say): Child {
  return startChild({ name: 'api', ...nodeProgram('worker/node.ts', env), dataDir, onLine: (line) => say(`api: ${line}`) });
}

/** workerd, which is what a deployed Worker runs on, with a libSQL server where Turso would be. */
async function startEdge(settings: Settings, say: Say): Promise<LocalApi> {
  const { dataDir, port, bind } = settings;
  const database = await startLibsql(dataDir);
  try {
    const variables = { ...keepSecrets(dataDir), ...ownVariables(settings.env), DOCKUP_DATABASE_URL: database.url, DOCKUP_DATABASE_TOKEN: database.token };
    await migrate({ ...settings.env, ...variables }, say);

    const envFile = join(dataDir, 'edge.env');
    writeFileSync(envFile, toEnvFile(variables), { mode: 0o600 });
    chmodSync(envFile, 0o600);
    const again = () =>
      startChild({
        name: 'api',
        program: process.execPath,
        args: [join(root, 'scripts/local/workerd.ts'), '--env-file', envFile, '--ip', bind, '--port', String(port), '--data-dir', join(dataDir, 'workerd')],
        env: { ...settings.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: join(dataDir, 'logs') },
        dataDir,
      });
    return { children: [again(), database.child], again };
  } catch (error) {
    await database.child.stop(2_000);
    throw error;
  }
}

/** The Worker never migrates: on the edge this is a step of the release, here it is a step of the start. */
async function migrate(env: NodeJS.ProcessEnv, say: Say): Promise<void> {
  const output = await run(process.execPath, [join(root, 'migrations/migrate.ts')], { env }).catch((cause: unknown) => {
    throw new SetupError(`The database could not be prepared: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  for (const line of output.trim().split('\n')) say(`migrate: ${line}`);
}

/** What the Worker reads; the administrator's password is not its business. */
function ownVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  const isOwn = (name: string) => (name.startsWith('DOCKUP_') || name === 'PORT') && name !== 'DOCKUP_ADMIN_PASSWORD';
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (isOwn(name) && value !== undefined ? [[name, value]] : [])));
}

function toEnvFile(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (/['\n]/.test(value)) throw new SetupError(`${name} holds a quote or a line break, which an env file cannot carry.`);
      return `${name}='${value}'\n`;
    })
    .join('');
}
