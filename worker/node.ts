/** Entry of the embedded host. */
import { ConfigError } from './config.ts';
import { startHost } from './embedded/host.ts';

try {
  const host = await startHost(process.env);
  const stop = () => void host.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(`Dockup cannot start: ${error.message}`);
  process.exitCode = 1;
}
