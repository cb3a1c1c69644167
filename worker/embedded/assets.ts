/** The files of the pages, read from the disk when somebody asks: a browser keeps them, the process does not. */
import { readFile, stat } from 'node:fs/promises';
import type { ReadAsset } from '../pages/assets.ts';

const folder = new URL('../pages/assets/', import.meta.url);

export const readAsset: ReadAsset = async (name) => {
  const path = new URL(name, folder);
  const [bytes, { mtimeMs, size }] = await Promise.all([readFile(path), stat(path)]);
  return new Response(bytes, { headers: { etag: `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"` } });
};
