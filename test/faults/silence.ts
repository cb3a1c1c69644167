/** A connection of this machine with itself that loses every packet: neither end hears anything any more, not even that the other one has gone. */
import type { Socket } from 'node:net';
import { run } from '../../scripts/setup/run.ts';

/** @returns the function that lets packets through again */
export async function silence({ localPort, remotePort }: Socket): Promise<() => Promise<void>> {
  const rules = [[localPort, remotePort], [remotePort, localPort]].map(([from, to]) => ['INPUT', '-i', 'lo', '-p', 'tcp', '--sport', `${from}`, '--dport', `${to}`, '-j', 'DROP']);
  for (const rule of rules) await run('iptables', ['-w', '-I', ...rule]);
  return async () => {
    for (const rule of rules) await run('iptables', ['-w', '-D', ...rule]);
  };
}
