/** `npm start [-- --edge] [--no-install]`: set-up, API and executor in the foreground until a signal ends them. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { readCredentials } from './local/client.ts';
import { greeting } from './local/greeting.ts';
import { readSettings } from './local/settings.ts';
import { startSystem } from './local/system.ts';
import { SetupError } from './setup/error.ts';
import { setUp } from './setup/setup.ts';
import { exitOnSetupError } from './setup/exit.ts';

const { values: flags } = parseArgs({ options: { edge: { type: 'boolean', default: false }, 'no-install': { type: 'boolean', default: false } } });
const say = (line: string) => console.log(line);
// A reader that goes away (`npm start | head`) must not take API and executor with it.
process.stdout.on('error', () => {});

await exitOnSetupError(async () => {
  const settings = readSettings(process.env, flags.edge ? 'edge' : 'embedded');
  const programs = settings.httpsPort === undefined ? (['haproxy'] as const) : (['haproxy', 'caddy'] as const);
  await setUp({ programs: settings.isProxyOurs ? [...programs] : [], socket: settings.socket, mayInstall: !flags['no-install'], say });

  const stopping = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stopping.abort());
  const signalled = once(stopping.signal, 'abort').then(() => undefined);

  const system = await startSystem(settings, { say, signal: stopping.signal });
  say(greeting(settings, await readCredentials(settings.dataDir)));

  const failure = await Promise.race([signalled, system.failed]);
  if (failure === undefined) say('Stopping API and executor; apps and routing keep serving.');
  await system.stop();
  if (failure !== undefined) throw new SetupError(failure);
});
