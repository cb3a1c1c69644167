/** The routing table on disk: `routes.json` is what the executor reads again, the other files are what HAProxy starts from. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { holds, writeTogether } from '../files.ts';
import { errorPages } from './error-pages.ts';
import { haproxyConfig, type HaproxySettings, hostMapFile, proxyFiles } from './haproxy-config.ts';
import { emptyTable, type RoutingTable } from './routing-table.ts';

export interface TableStore {
  /** @throws AppError proxy_unavailable when the file is there and cannot be understood */
  load(): Promise<RoutingTable>;
  /** On disk for good when it resolves. */
  save(table: RoutingTable): Promise<void>;
}

export function createTableStore(dir: string, settings: HaproxySettings): TableStore {
  const written = new Map<string, string>();

  /** What is there already is not written again: routing can be put right on a full disk. */
  async function isThere(file: string, content: string): Promise<boolean> {
    return written.get(file) === content || (!written.has(file) && (await holds(join(dir, file), content)));
  }

  return {
    async load() {
      try {
        return savedTable.parse(JSON.parse(await readFile(join(dir, proxyFiles.routes), 'utf8'))).backends;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return emptyTable();
        throw new AppError('proxy_unavailable', { detail: `read ${dir}/${proxyFiles.routes}: it is damaged; restore it, or remove it and deploy again`, cause: error });
      }
    },

    async save(table) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const files = new Map([
        [proxyFiles.routes, `${JSON.stringify({ version: 1, backends: table })}\n`],
        ...[...errorPages.values()].map(({ file, message }) => [file, message] as const),
        // The configuration before the map: a host never points at a backend whose servers are still to come.
        [proxyFiles.config, haproxyConfig(settings, table)],
        [proxyFiles.hosts, hostMapFile(table)],
      ]);
      for (const [file, content] of files) if (await isThere(file, content)) files.delete(file);
      // Forgotten first: should the write fail half-way, the next one is not skipped.
      for (const file of files.keys()) written.delete(file);
      await writeTogether(dir, new Map([...files].map(([file, content]) => [join(dir, file), content])));
      for (const [file, content] of files) written.set(file, content);
    },
  };
}

const target = z.object({ id: z.string(), address: z.ipv4(), port: z.int() });
const slot = z.object({ target, state: z.enum(['ready', 'leaving']) }).nullable();
const backend = z.object({ app: z.string().nullable(), hosts: z.array(z.string()), slots: z.array(slot) });
const savedTable = z.object({ version: z.literal(1), backends: z.array(backend) });
