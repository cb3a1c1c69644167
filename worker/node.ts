/** Entry of the embedded host. */
import './embedded/lean-imports.ts';
import { ConfigError } from './config.ts';

// Imported once the line above has taken effect, which it could not do on a static import.
const { startHost } = await import('./embedded/host.ts');

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
