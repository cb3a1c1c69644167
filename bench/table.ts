/** One figure of the bench: measured, and what it may be at most or must be at least. */
export interface Figure {
  name: string;
  measured: string;
  limit: string;
  isMet: boolean;
  /** How it was measured, in a few words. */
  note: string;
}

export function printTable(figures: Figure[]): void {
  const rows = [['', 'measured', 'limit', 'met', 'how'], ...figures.map((figure) => [figure.name, figure.measured, figure.limit, figure.isMet ? 'yes' : 'NO', figure.note])];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  console.log([line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n'));
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
