/** The routing table on disk: `routes.json` is what the executor reads again, the other files are what HAProxy starts from. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { writeAtomically } from '../files.ts';
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

  const write = async (file: string, content: string) => {
    if (written.get(file) === content) return;
    // Forgotten first: should the write fail half-way, the next one is not skipped.
    written.delete(file);
    await writeAtomically(join(dir, file), content);
    written.set(file, content);
  };

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
      await write(proxyFiles.routes, `${JSON.stringify({ version: 1, backends: table })}\n`);
      for (const { file, message } of errorPages.values()) await write(file, message);
      // The configuration before the map: a host never points at a backend whose servers are still to come.
      await write(proxyFiles.config, haproxyConfig(settings, table));
      await write(proxyFiles.hosts, hostMapFile(table));
    },
  };
}

const target = z.object({ id: z.string(), address: z.ipv4(), port: z.int() });
const slot = z.object({ target, state: z.enum(['ready', 'leaving']) }).nullable();
const backend = z.object({ app: z.string().nullable(), hosts: z.array(z.string()), slots: z.array(slot) });
const savedTable = z.object({ version: z.literal(1), backends: z.array(backend) });
