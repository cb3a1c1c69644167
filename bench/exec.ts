/**
 * The echo of a key on a terminal in a container: through the API's WebSocket against an exec of dockerode straight to the engine. The kernel's line
 * discipline echoes, so what is measured is the way there and back. One key after the other, the two taking turns.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import Docker from 'dockerode';
import { WebSocket } from 'ws';
import { labels } from '../shared/names.ts';
import type { Dockup } from '../test/support/dockup.ts';
import { images } from '../test/support/images.ts';
import { median, type Figure } from './table.ts';

const keys = 300;

interface Terminal {
  /** Resolves when the key has come back. */
  press(key: string): Promise<void>;
  close(): void;
}

export async function benchExec(dockup: Dockup): Promise<Figure> {
  const { id: projectId } = await dockup.createProject('Terminal');
  const app = await dockup.createApp(projectId, { name: 'terminal', slug: 'bench-terminal', image: images.busybox });
  await dockup.deploy(app.slug);
  const [ours, bare] = [await openOurs(dockup, app.slug), await openBare(app.id)];
  const times: [number[], number[]] = [[], []];
  for (let key = 0; key < keys; key++) {
    for (const [index, terminal] of [ours, bare].entries()) {
      const began = performance.now();
      await terminal.press(String.fromCharCode(97 + (key % 26)));
      times[index]?.push(performance.now() - began);
    }
  }
  ours.close();
  bare.close();
  const [through, straight] = [median(times[0]), median(times[1])];
  const limit = dockup.host === 'embedded' ? 2 : Infinity;
  return {
    name: `exec key echo added, p50, ${dockup.host} host`,
    measured: `${(through - straight).toFixed(2)} ms`,
    limit: limit === Infinity ? '-' : `${limit.toFixed(1)} ms`,
    isMet: through - straight <= limit,
    note: `${keys} keys; ${through.toFixed(2)} ms against ${straight.toFixed(2)} ms with dockerode`,
  };
}

async function openOurs(dockup: Dockup, slug: string): Promise<Terminal> {
  const socket = new WebSocket(`${dockup.url.replace(/^http/, 'ws')}/api/v1/apps/${slug}/exec?cmd=/bin/cat&token=${dockup.credentials.api_key}`);
  await once(socket, 'open');
  return {
    press: async (key) => {
      const echoed = once(socket, 'message');
      socket.send(Buffer.from(key));
      await echoed;
    },
    close: () => socket.close(),
  };
}

async function openBare(appId: string): Promise<Terminal> {
  const docker = new Docker();
  const [found] = await docker.listContainers({ filters: { label: [`${labels.app}=${appId}`] } });
  if (found === undefined) throw new Error('bench exec: the app has no container');
  const exec = await docker.getContainer(found.Id).exec({ Cmd: ['/bin/cat'], Tty: true, AttachStdin: true, AttachStdout: true, AttachStderr: true });
  const stream: Duplex = await exec.start({ hijack: true, stdin: true, Tty: true });
  return {
    press: async (key) => {
      const echoed = once(stream, 'data');
      stream.write(key);
      await echoed;
    },
    close: () => stream.destroy(),
  };
}
