/** `npm run executor`: connects this machine's Docker engine to the control plane. */
import { readConfig } from './config.ts';
import { runExecutor } from './executor.ts';
import { createLog, describeError } from './log.ts';

// A log on a full disk: what cannot be written is lost, and nothing else with it (REL-15).
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const log = createLog();
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());

try {
  await runExecutor({ config: readConfig(), log, onConnected: (server, url) => process.stdout.write(`Executor ${server} connected to ${url}\n`) }, stop.signal);
  // What is still going on is in the journal, and goes on at the next start.
  process.exit(0);
} catch (error) {
  log.error('the executor cannot start', { error: describeError(error) });
  process.exit(1);
}
