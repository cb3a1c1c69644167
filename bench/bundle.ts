import { measureBundle } from '../test/support/worker-bundle.ts';
import type { Figure } from './table.ts';

export async function benchBundle(): Promise<Figure> {
  const kilobytes = (await measureBundle()).bytes / 1024;
  return { name: 'Worker bundle', measured: `${kilobytes.toFixed(0)} KB`, limit: '1024 KB', isMet: kilobytes <= 1024, note: 'wrangler deploy --dry-run --minify, gzipped' };
}
