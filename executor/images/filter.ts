/**
 * From whatever a client sends to the archive that the engine gets: every entry unchanged, but for those that say what images are called. Exactly one image is left
 * to load, under exactly one tag (SEC-14). The engine unpacks all of an archive before it loads anything, and `manifest.json` is written last, so an archive
 * that is refused at any point leaves nothing behind.
 */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Extract, Header, Pack } from 'tar-stream';
import { AppError } from '../../shared/errors.ts';
import { Entries } from './entries.ts';
import { chooseImage, parseManifest, pathsOf, writeManifest } from './manifest.ts';
import { unpackingStages } from './unpack.ts';

export interface FilterOptions {
  /** The tag that the image gets. */
  image: string;
  /** The tag in the archive that is meant; null: there is only one image. */
  pick: string | null;
  /** Bytes of the archive, unpacked. */
  maxBytes: number;
  onProgress?: (bytes: number) => void;
  /** Whoever waits for the end has gone. */
  signal?: AbortSignal;
}

/**
 * Entries that name images besides `manifest.json`. They are left out, not rewritten: with them gone every engine, also one with an OCI layout and
 * containerd's image store, reads `manifest.json`.
 */
const otherIndexes = new Set(['repositories', 'index.json', 'oci-layout']);
const maxManifest = 1024 * 1024;

type Source = Extract extends AsyncIterable<infer Entry> ? Entry : never;

/** Reads `source` to its end and writes the tar for the engine into `pack`. @throws AppError archive_*, image_not_in_archive; the error of `source` as it is */
export async function filterArchive(source: Readable, pack: Pack, options: FilterOptions): Promise<void> {
  const { extract: createExtract } = await import('tar-stream');
  const stages = await unpackingStages(source, options);
  const extract = createExtract();
  // Whichever breaks by itself does so first: the others are taken down after it.
  let broken: { by: unknown; error: unknown } | undefined;
  for (const stream of [source, ...stages, extract]) stream.once('error', (error: unknown) => (broken ??= { by: stream, error }));
  // Made of the streams of another package, which do the same under other types.
  const reading = pipeline([source, ...stages, extract as unknown as NodeJS.WritableStream], { signal: options.signal });
  const [read, copied] = await Promise.allSettled([reading, copyEntries(extract, pack, options)]);
  if (read.status === 'fulfilled' && copied.status === 'fulfilled') return pack.finalize();
  options.signal?.throwIfAborted();
  const reasons = [copied, read].flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
  const refusal = [...stages.map((stage) => stage.errored), ...reasons].find((reason) => reason instanceof AppError);
  if (refusal !== undefined) throw refusal;
  const { by, error } = broken ?? { by: extract, error: reasons[0] };
  throw by === source ? error : new AppError('archive_invalid', { detail: `The archive cannot be read: ${explain(error)}.`, cause: error });
}

async function copyEntries(extract: Extract, pack: Pack, { image, pick }: FilterOptions): Promise<void> {
  const entries = new Entries();
  let manifest: string | null = null;
  for await (const entry of extract) {
    const { header } = entry;
    const name = entries.admit(header);
    if (name === 'manifest.json') {
      if (manifest !== null || !entries.isFile(header)) throw new AppError('archive_invalid', { detail: 'The archive has more than one manifest.json, or one that is no file.' });
      manifest = await readManifest(entry);
    } else if (otherIndexes.has(name) || name === '.') {
      entry.resume();
    } else {
      await copyEntry(entry, pack, plainHeader(header, name));
    }
  }
  entries.requireManifest(manifest !== null);
  const chosen = chooseImage(parseManifest(manifest ?? ''), pick);
  entries.requireWhole(pathsOf(chosen));
  pack.entry({ name: 'manifest.json' }, writeManifest(chosen, image));
}

/** Without the extensions of the format, which could say another name than the one that was looked at. */
function plainHeader({ type, mode, mtime, linkname, size }: Header, name: string): Header {
  const isFile = type === 'file' || type === 'contiguous-file';
  return { name, type, mode, mtime, linkname, size: isFile ? size : 0, uid: 0, gid: 0, uname: '', gname: '', devmajor: 0, devminor: 0 };
}

function copyEntry(entry: Source, pack: Pack, header: Header): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null) => (error ? reject(error) : resolve());
    const target = pack.entry(header, settle);
    if (header.type === 'file' || header.type === 'contiguous-file') entry.pipe(target, settle);
    else entry.resume();
  });
}

async function readManifest(entry: Source): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of entry) {
    // A stream of bytes, which the package's types do not say.
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > maxManifest) throw new AppError('archive_invalid', { detail: `Its manifest.json has more than ${maxManifest} bytes.` });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What the unpackers say, for people. */
export function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/unexpected end/i.test(message)) return 'it ends before it is whole';
  if (/tar header|Invalid header|Header exceeds/i.test(message)) return 'it is not a tar, a tar.gz or a tar.zst';
  return message.slice(0, 200);
}
