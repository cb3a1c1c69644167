/** Dokploy's `appName` is our slug: what it is made from, and six characters that make it unique. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Characters before the six: a slug has 40 at most. */
const longest = 33;

export function toAppName(name: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, longest)
    .replaceAll(/^-|-$/g, '');
  return `${words === '' ? 'app' : words}-${suffix()}`;
}

function suffix(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(6)), (number) => alphabet[number % alphabet.length]).join('');
}
