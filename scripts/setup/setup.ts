/** What has to be on the machine before anything starts. The same steps serve `npm start` and `npm test`. */
import { SetupError } from './error.ts';
import { probeEngine, startEngine } from './engine.ts';
import { installPackages, refusal, type Say } from './packages.ts';
import { findMissing, type Program } from './programs.ts';

interface SetupOptions {
  /** Besides the engine. */
  programs: Program[];
  socket: string;
  /** False with `--no-install`: say what is missing and stop. */
  mayInstall: boolean;
  say: Say;
}

/** Find what is needed, install what is missing, start the engine. @throws SetupError with the commands to run by hand */
export async function setUp({ programs, socket, mayInstall, say }: SetupOptions): Promise<void> {
  const engine = await probeEngine(socket);
  if (engine === 'denied') throw new SetupError(`This user may not use ${socket}. As root: usermod -aG docker ${process.env['USER'] ?? '$USER'}, then log in again.`);

  const needed: Program[] = engine === 'answers' ? programs : ['dockerd', 'iptables', ...programs];
  const missing = await findMissing(needed);
  if (missing.length > 0) {
    if (!mayInstall) throw new SetupError(refusal('Nothing is installed with --no-install.', missing));
    await installPackages(missing, say);
  }

  if ((await probeEngine(socket)) === 'answers') return;
  if (!mayInstall) throw new SetupError('The Docker engine does not answer, and with --no-install nothing is started.\n  systemctl start docker');
  if (process.getuid?.() !== 0) throw new SetupError('The Docker engine does not answer, and starting it takes root.\n  sudo systemctl start docker');
  await startEngine(socket, say);
}
