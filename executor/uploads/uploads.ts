/** Resumable uploads (tus 1.0): the pieces are kept here, on the disk of the host, so that a cut at 90 % costs 10 % (REL-28). One folder per app, 24 hours. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Server } from '@tus/server';
import { AppError } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';

export interface Uploads {
  dir: string;
  /** Bytes of one upload, and of what it unpacks to. */
  maxBytes: number;
  /** One request of the protocol; `body` is that of a PATCH, or of a creation with the first piece. */
  answer(request: Omit<Params<'upload'>, 'transfer'>, body: Readable | null): Promise<Result<'upload'>>;
  /** @throws AppError upload_not_found, upload_incomplete */
  open(app: string, upload: string): Promise<FinishedUpload>;
  /** The uploads of an app that is gone. */
  forget(app: string): Promise<void>;
  /** Removes what nobody has come back for. */
  sweep(): Promise<void>;
}

export interface FinishedUpload {
  size: number;
  read(): Readable;
  /** @throws AppError digest_mismatch when another digest was announced than its bytes have */
  checkDigest(signal: AbortSignal): Promise<void>;
  discard(): Promise<void>;
}

/** Of one app, at once. */
const mostUploads = 20;
const life = 24 * 3600 * 1000;
/** Where the protocol's own package thinks it is; clients are told the public address by the control plane. */
const base = 'http://executor/uploads';

export function createUploads({ dir, maxBytes }: { dir: string; maxBytes: number }): Uploads {
  const servers = new Map<string, Promise<Server>>();

  function folderOf(app: string): string {
    if (!isId('app', app)) throw new AppError('upload_not_found');
    return join(dir, app);
  }

  async function start(directory: string): Promise<Server> {
    // Before the package does so: it throws where nobody can catch it.
    await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw hasNoRoom(cause) ? new AppError('insufficient_storage', { detail: 'The disk of the executor is full.', cause }) : cause;
    });
    const [{ Server }, { FileStore }] = await Promise.all([import('@tus/server'), import('@tus/file-store')]);
    const datastore = new FileStore({ directory, expirationPeriodInMilliseconds: life });
    return new Server({ path: '/uploads', datastore, maxSize: maxBytes, relativeLocation: true, allowedOrigins: [] });
  }

  /** One per app: it holds the locks of its uploads. */
  function serverOf(app: string): Promise<Server> {
    const known = servers.get(app);
    if (known !== undefined) return known;
    const server = start(folderOf(app));
    servers.set(app, server);
    // The next one tries again.
    server.catch(() => servers.delete(app));
    return server;
  }

  return {
    dir,
    maxBytes,

    async answer({ app, method, upload, headers }, body) {
      if (method === 'POST') await requireFew(folderOf(app));
      const server = await serverOf(app);
      const request = new Request(upload === null ? base : `${base}/${upload}`, { method, headers, ...(body !== null && { body: Readable.toWeb(body), duplex: 'half' }) });
      const reply = await server.handleWeb(request);
      return { status: reply.status, headers: Object.fromEntries(reply.headers), body: (await reply.text()).slice(0, 4096) };
    },

    async open(app, upload) {
      const path = join(folderOf(app), upload);
      const { datastore } = await serverOf(app);
      const found = /^[0-9a-f]{32}$/.test(upload) ? await datastore.getUpload(upload).catch(() => undefined) : undefined;
      if (found === undefined) throw new AppError('upload_not_found', { detail: 'It is unknown, deployed, deleted or older than 24 hours.' });
      const { offset, size, metadata } = found;
      if (size === undefined || offset < size) throw new AppError('upload_incomplete', { detail: `It has ${offset} of ${size ?? 'an unknown number of'} bytes: send the rest first.` });
      return {
        size,
        read: () => createReadStream(path, { highWaterMark: 256 * 1024 }),
        checkDigest: (signal) => checkDigest(path, metadata?.['sha256'] ?? null, signal),
        discard: () => datastore.remove(upload),
      };
    },

    async forget(app) {
      servers.delete(app);
      await rm(folderOf(app), { recursive: true, force: true });
    },

    async sweep() {
      for (const path of await listFiles(dir)) {
        const changed = await stat(path).then((found) => found.mtimeMs, () => Date.now());
        if (Date.now() - changed > life) await rm(path, { force: true });
      }
      for (const app of await readdir(dir).catch(() => [])) {
        // Its folder is made anew when it is needed. One that is not empty stays.
        if (await rmdir(join(dir, app)).then(() => true, () => false)) servers.delete(app);
      }
    },
  };
}

/** Two files each: the data, and its description. @throws AppError too_many_uploads */
async function requireFew(folder: string): Promise<void> {
  const open = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).length;
  if (open >= mostUploads) throw new AppError('too_many_uploads', { detail: `The app has ${open} open uploads: finish, deploy or delete one, or wait until they expire after 24 hours.` });
}

function hasNoRoom(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

async function checkDigest(path: string, announced: string | null, signal: AbortSignal): Promise<void> {
  if (announced === null) return;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash, { signal });
  const actual = hash.digest('hex');
  if (actual !== announced.toLowerCase()) throw new AppError('digest_mismatch', { detail: `The bytes have sha256 ${actual}: send them again.` });
}

/** Data and description of every upload; nothing while there has never been one. */
async function listFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}
