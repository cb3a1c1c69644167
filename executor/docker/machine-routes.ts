/** What the machine itself has a route to: a tunnel, or a bridge that another engine has left. An engine that is told which subnet to take does not look at these. */
import { readFile } from 'node:fs/promises';
import { parseCidr } from './subnets.ts';

/** One line of `/proc/net/route` after its first: device, destination, gateway, flags, three counters, mask. Numbers are hex in the order of a little-endian machine. */
const line = /^\S+\t([0-9A-F]{8})\t[0-9A-F]{8}\t[0-9A-F]{4}(?:\t\d+){3}\t([0-9A-F]{8})\t/gm;

/** Subnets with a route that overlap the pool, as CIDRs; none where there is no such file. One that holds all of the pool is no obstacle: the smaller subnet has precedence. */
export async function routedSubnets(pool: string): Promise<string[]> {
  return parseRoutes(await readFile('/proc/net/route', 'latin1').catch(() => ''), pool);
}

/** Pure. */
export function parseRoutes(table: string, pool: string): string[] {
  const range = parseCidr(pool);
  return [...table.matchAll(line)]
    .map(([, destination = '', mask = '']) => `${toAddress(destination)}/${countBits(mask)}`)
    .filter((subnet) => {
      const { first, last } = parseCidr(subnet);
      return first <= range.last && range.first <= last && (first > range.first || last < range.last);
    });
}

function toAddress(hex: string): string {
  return [...Buffer.from(hex, 'hex').reverse()].join('.');
}

function countBits(mask: string): number {
  return Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
}
