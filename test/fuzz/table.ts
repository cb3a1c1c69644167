/** How often each operation was asked, and what it answered. */
interface Row {
  /** By hundreds of the status. */
  classes: number[];
  /** Got through: 2xx, or a socket that stayed open. */
  through: number;
}

export type Tally = Map<string, Row>;

export function createTally(): Tally {
  return new Map();
}

export function countReply(tally: Tally, operation: string, { status, close }: { status: number; close?: { code: number } }): void {
  const row = tally.get(operation) ?? { classes: [0, 0, 0, 0, 0, 0], through: 0 };
  const counted = status === 101 && (close?.code ?? 0) > 4000 ? (close?.code ?? 0) - 4000 : status;
  const index = Math.floor(counted / 100);
  row.classes[index] = (row.classes[index] ?? 0) + 1;
  if (counted < 300) row.through++;
  tally.set(operation, row);
}

/** As they are printed. */
export function printTally(tally: Tally): string[] {
  const rows = [...tally].sort(([a], [b]) => a.localeCompare(b));
  const sums = [1, 2, 3, 4, 5].map((hundreds) => rows.reduce((sum, [, { classes }]) => sum + (classes[hundreds] ?? 0), 0));
  const line = (name: string, figures: readonly (number | string)[]) => [name.padEnd(38), ...figures.map((figure) => String(figure).padStart(7))].join('');
  return [line('operation', ['1xx', '2xx', '3xx', '4xx', '5xx']), ...rows.map(([name, { classes }]) => line(name, classes.slice(1))), line('all', sums)];
}
