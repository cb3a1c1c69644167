/** The executor as it is started, in a process of its own, again and again over one directory. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { DeploymentEvent } from '../../shared/protocol/events.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { isFinished } from '../../shared/status.ts';
import { eventually } from './host-fixture.ts';
import type { Connection, HubFixture } from './hub-fixture.ts';

export interface ExecutorLives {
  /** Everything that all of them have said. */
  output(): string;
  /** Without a wait for anything. */
  start(): void;
  /** Starts one and gives its connection, on which events are acknowledged as they come. */
  connected(): Promise<Connection>;
  end(signal: NodeJS.Signals): Promise<void>;
  hasEnded(): boolean;
}

export function createExecutorLives(hub: HubFixture, env: Record<string, string>): ExecutorLives {
  let child: ChildProcess | undefined;
  let output = '';
  const lives: ExecutorLives = {
    output: () => output,
    hasEnded: () => child === undefined || child.exitCode !== null || child.signalCode !== null,
    start() {
      child = spawn(process.execPath, ['executor/main.ts'], { env: { PATH: process.env['PATH'], DOCKUP_API_URL: hub.url, DOCKUP_ENROLMENT_TOKEN: 'dke_planted-token', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    },
    async connected() {
      const before = hub.connections.length;
      lives.start();
      const connection = await hub.connection(before);
      connection.socket.on('message', () => {
        const last = connection.received.at(-1);
        if (last?.type === 'event') connection.send({ type: 'ack', seq: last.seq });
      });
      return connection;
    },
    async end(signal) {
      if (child === undefined || lives.hasEnded()) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
  return lives;
}

export function deploy(connection: Connection, deployment: string, spec: AppSpec): void {
  connection.send({ type: 'call', id: `call-${deployment}`, method: 'deploy', params: { deployment, spec } });
}

export function outcomeOf({ received }: Connection, deployment: string): Promise<DeploymentEvent> {
  return eventually(() => received.flatMap((message) => (message.type === 'event' && message.event.kind === 'deployment' ? [message.event] : [])).find((event) => event.deployment === deployment && isFinished(event.status)));
}
