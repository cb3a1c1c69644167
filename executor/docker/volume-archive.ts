/** What clients may unpack into a volume (SEC-14). Other than an archive of an image it is passed on byte by byte, so that it keeps its owners, times and attributes. */
import { Transform } from 'node:stream';
import type { Header } from 'tar-stream';
import { AppError } from '../../shared/errors.ts';

/** Each is a file on the disk, of which it has a limited number. */
export const maxVolumeEntries = 100_000;

/** Looks at every entry of the tar that goes through. The stream breaks with `archive_invalid` at the first that may not be. */
export async function createInspector(maxEntries = maxVolumeEntries): Promise<Transform> {
  const { extract: createExtract } = await import('tar-stream');
  const extract = createExtract();
  let count = 0;
  extract.on('entry', ({ name, type }: Header, content, next) => {
    // Its end is that of the archive, which tells of it.
    content.on('error', () => undefined);
    const fault = ++count > maxEntries ? `it has more than ${maxEntries} entries` : faultOf(name, type);
    if (fault !== null) return void extract.destroy(new AppError('archive_invalid', { detail: `The archive is refused: ${fault}. What came before may already be in the volume.` }));
    content.resume();
    next();
  });
  const inspector = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (extract.write(chunk)) done(null, chunk);
      else extract.once('drain', () => done(null, chunk));
    },
    flush(done) {
      extract.once('finish', () => done());
      extract.end(undefined);
    },
  });
  extract.on('error', (error: Error) => inspector.destroy(error));
  inspector.on('close', () => extract.destroy(new Error('the archive is no longer read')));
  return inspector;
}

/** Links may lead anywhere, as the app sees it: the engine writes through none. */
function faultOf(name: string, type: string | null | undefined): string | null {
  if (type === 'block-device' || type === 'character-device') return `${quote(name)} is a ${type}`;
  if (name.startsWith('/') || name.split('/').includes('..')) return `the path ${quote(name)} leaves the volume`;
  return null;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
