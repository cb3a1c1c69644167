/** IPv4 arithmetic for project networks: small subnets cut from one range, fixed addresses inside them. Pure. */

export interface Range {
  first: number;
  last: number;
}

/** Project networks are /25: 125 containers each, 512 of them in a /16. */
const subnetSize = 128;

export function parseCidr(cidr: string): Range {
  const [address = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1 };
}

/** The subnets of the pool that overlap nothing taken (CIDRs or single addresses), lowest first, as CIDRs. */
export function* freeSubnets(pool: string, taken: readonly string[]): Generator<string> {
  const range = parseCidr(pool);
  const occupied = taken.map(parseCidr);
  for (let first = range.first; first + subnetSize - 1 <= range.last; first += subnetSize) {
    const last = first + subnetSize - 1;
    if (!occupied.some((other) => first <= other.last && other.first <= last)) yield `${toAddress(first)}/25`;
  }
}

/** The lowest address of the subnet that nobody has; null when it is full. The first is the gateway's. */
export function freeAddress(subnet: string, taken: readonly string[]): string | null {
  const { first, last } = parseCidr(subnet);
  const occupied = new Set(taken);
  for (let address = first + 2; address < last; address++) {
    const text = toAddress(address);
    if (!occupied.has(text)) return text;
  }
  return null;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
