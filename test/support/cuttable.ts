/** A way to the control plane that can be cut as a firewall cuts it: what is sent goes nowhere, nobody is told, connections stay open at both ends. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Cuttable {
  url: string;
  cut(): void;
  /** For new connections; those that were cut stay so. */
  mend(): void;
  close(): Promise<void>;
}

export async function openCuttable(target: string): Promise<Cuttable> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]] as const) {
      open.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
    if (isCut) for (const socket of [near, far]) silence(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      isCut = true;
      for (const socket of open) silence(socket);
    },
    mend: () => (isCut = false),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Nothing of it is passed on any more, not even its end. */
function silence(socket: Socket): void {
  socket.removeAllListeners('data').removeAllListeners('close').pause();
}
