/** The Docker engine: whether it answers, and how it is started where nobody else does. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './error.ts';
import { isSystemdRunning, type Say } from './packages.ts';
import { findProgram } from './programs.ts';
import { lastLines, run } from './run.ts';

/** `denied`: an engine is there, but this user may not talk to it. */
export type EngineState = 'answers' | 'denied' | 'silent';

export function probeEngine(socket: string): Promise<EngineState> {
  return new Promise((resolve) => {
    const probe = request({ socketPath: socket, path: '/_ping', timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? 'answers' : 'silent');
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES' ? 'denied' : 'silent'));
    probe.on('timeout', () => probe.destroy());
    probe.end();
  });
}

const logPath = '/var/log/dockup-dockerd.log';

/** Milliseconds: the first start on a fresh machine sets up storage and networks. */
const startTimeout = 60_000;

/** @throws SetupError when the engine does not answer in time, with the end of its log */
export async function startEngine(socket: string, say: Say): Promise<void> {
  say('setup: starting the Docker engine …');
  let hasEnded = false;
  if (isSystemdRunning()) {
    await run('systemctl', ['start', 'docker']);
  } else {
    const log = openSync(logPath, 'a');
    // In its own session, so that Ctrl+C and the end of this process leave it running: apps keep serving.
    const engine = spawn((await findProgram('dockerd')) ?? 'dockerd', [], { detached: true, stdio: ['ignore', log, log] });
    engine.on('exit', () => (hasEnded = true));
    engine.on('error', () => (hasEnded = true));
    engine.unref();
  }
  for (const deadline = Date.now() + startTimeout; Date.now() < deadline && !hasEnded; await sleep(200)) {
    if ((await probeEngine(socket)) === 'answers') return;
  }
  const log = await readFile(logPath, 'utf8').catch(() => 'See `journalctl -u docker`.');
  throw new SetupError(`The Docker engine did not start. The end of ${logPath}:\n${lastLines(log, 10)}`);
}
