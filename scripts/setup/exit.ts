import { ConfigError } from '../../worker/config.ts';
import { SetupError } from './error.ts';

/** Run a script's work: what a person can put right is told in words and ends with code 1; everything else is a bug and keeps its stack. */
export async function exitOnSetupError(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // A signal ended the start; what it had started is stopped by now.
    if (error instanceof Error && error.name === 'AbortError') return;
    if (!(error instanceof SetupError || error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
