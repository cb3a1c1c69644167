/** Take in an image that a client sends. Until the engine has read the archive to its end nothing is loaded, so what is refused leaves nothing. */
import type { Readable } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { anySignal } from '../any-signal.ts';
import { guardDisk } from '../disk.ts';
import { filterArchive } from '../images/filter.ts';
import { dataRootOf, describeImage, loadArchive } from '../images/load.ts';
import { interrupted } from '../transfers.ts';
import type { FinishedUpload } from '../uploads/uploads.ts';
import type { HandlerContext } from './context.ts';

type Wanted = Params<'load_image'>;

export async function loadImage(context: HandlerContext, wanted: Wanted, signal: AbortSignal): Promise<Result<'load_image'>> {
  if (!context.host.policy.uploads) throw new AppError('upload_disabled');
  return wanted.upload === null ? loadFromClient(context, wanted, signal) : loadFromFile(context, wanted, wanted.upload, signal);
}

/** The client is fetched from at once, and waits for its turn with its bytes. */
async function loadFromClient(context: HandlerContext, wanted: Wanted, signal: AbortSignal): Promise<Result<'load_image'>> {
  const { body, length, over } = await context.transfers.fetch(wanted.transfer ?? '', signal);
  let broken: unknown;
  body.on('error', (error) => (broken = error));
  try {
    return await context.loads.hold(wanted.app, () => load(context, wanted, body, { length, signal }));
  } catch (error) {
    throw broken !== undefined && !(error instanceof AppError) ? interrupted(error) : error;
  } finally {
    body.destroy();
    await over;
  }
}

/** What was uploaded in pieces goes once it is loaded, and once it is refused for what it is. */
function loadFromFile(context: HandlerContext, wanted: Wanted, upload: string, signal: AbortSignal): Promise<Result<'load_image'>> {
  return context.loads.hold(wanted.app, async () => {
    const file = await context.uploads.open(wanted.app, upload);
    try {
      const result = await loadFile(context, wanted, file, signal);
      await file.discard();
      return result;
    } catch (error) {
      if (error instanceof AppError && finalRefusals.has(error.code)) await file.discard();
      throw error;
    }
  });
}

/** The same bytes would be refused again. With several images in it, the next call may name one. */
const finalRefusals = new Set(['archive_invalid', 'archive_too_large', 'digest_mismatch']);

async function loadFile(context: HandlerContext, wanted: Wanted, file: FinishedUpload, signal: AbortSignal): Promise<Result<'load_image'>> {
  await file.checkDigest(signal);
  const body = file.read();
  try {
    return await load(context, wanted, body, { length: file.size, signal });
  } finally {
    body.destroy();
  }
}

async function load({ host, uploads, loaded: notes }: HandlerContext, { app, image, pick }: Wanted, source: Readable, { length, signal }: { length: number | null; signal: AbortSignal }): Promise<Result<'load_image'>> {
  const { engine, log } = host;
  if (length !== null && length > uploads.maxBytes) throw new AppError('archive_too_large', { detail: `It has ${length} bytes, this server takes ${uploads.maxBytes} (DOCKUP_MAX_UPLOAD).` });
  const guard = guardDisk(await dataRootOf(engine), host.dir);
  guard(length ?? 0);
  await notes.note(app, image);

  const { pack: createPack } = await import('tar-stream');
  const pack = createPack();
  // It is destroyed by whoever knows why.
  pack.on('error', () => undefined);
  const ended = new AbortController();
  const loading = loadArchive(engine, pack, anySignal(signal, ended.signal));
  const filtering = filterArchive(source, pack, { image, pick, maxBytes: uploads.maxBytes, onProgress: () => guard(0), signal });
  try {
    await Promise.all([filtering, loading]);
  } catch (error) {
    // An archive that breaks takes the request to the engine down, which tells of it first.
    const isOfArchive = pack.destroyed || pack.destroying;
    // The engine gets half an archive then, which it throws away.
    ended.abort(error);
    pack.destroy();
    const [filtered] = await Promise.allSettled([filtering, loading]);
    throw isOfArchive && filtered.status === 'rejected' ? filtered.reason : error;
  }
  const loaded = await describeImage(engine, image);
  log.info('image loaded', { image, size: loaded.size });
  return loaded;
}
