/** Where a request comes from, as far as that is to be believed. */

interface Origin {
  /** Of the connection, or as the platform says. */
  direct: string;
  /** How many proxies stand in front that add to `X-Forwarded-For`. What came before them anybody may have written. */
  trustedProxies: number;
}

/** The network that a client without identity is counted for: its IPv4 address, or the 64 bits of an IPv6 address that one line has to itself. */
export function readClientNetwork(headers: Pick<Headers, 'get'>, { direct, trustedProxies }: Origin): string {
  const forwarded = trustedProxies > 0 ? headers.get('x-forwarded-for')?.split(',').at(-trustedProxies)?.trim() : undefined;
  return networkOf(forwarded || direct);
}

function networkOf(text: string): string {
  // With a port some proxies write `192.0.2.1:443` and `[2001:db8::1]:443`.
  const address = text.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1').replace(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i, '$1');
  return address.includes(':') ? `${toGroups(address).slice(0, 4).join(':')}::/64` : address.slice(0, 64);
}

/** The eight groups of an IPv6 address, without leading zeros. */
function toGroups(address: string): string[] {
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const missing = Math.max(0, 8 - head.length - tail.length);
  return [...head, ...Array.from({ length: missing }, () => '0'), ...tail].map((group) => (Number.parseInt(group, 16) || 0).toString(16));
}
