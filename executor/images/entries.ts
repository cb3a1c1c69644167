/** What an archive may consist of (SEC-14): files and links that stay within it, and not too many. */
import { posix } from 'node:path';
import { AppError } from '../../shared/errors.ts';

interface EntryHeader {
  name: string;
  type?: string | null;
  linkname?: string | null;
}

const maxEntries = 10_000;
const files = new Set(['file', 'contiguous-file']);

/** What is seen of an archive, entry by entry. */
export class Entries {
  readonly #names = new Set<string>();
  readonly #links = new Map<string, string>();
  #count = 0;

  /** Where the entry is, without `./`. @throws AppError archive_invalid, archive_too_large */
  admit(header: EntryHeader): string {
    if (++this.#count > maxEntries) throw this.#invalid(`it has more than ${maxEntries} entries`);
    const name = this.#within(header.name);
    if (header.type === 'symlink' || header.type === 'link') this.#links.set(name, this.#targetOf(header, name));
    else if (header.type !== 'directory' && !files.has(header.type ?? 'file')) throw this.#invalid(`${quote(header.name)} is a ${header.type}`);
    this.#names.add(name);
    return name;
  }

  isFile({ type }: EntryHeader): boolean {
    return files.has(type ?? 'file');
  }

  /** Once all have been seen. @throws AppError archive_invalid */
  requireWhole(paths: string[]): void {
    // A path that leads through a link may lead anywhere, whatever it looks like.
    for (const path of [...this.#names, ...this.#links.values()]) {
      for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
        if (this.#links.has(folder)) throw this.#invalid(`${quote(path)} leads through the link ${quote(folder)}`);
      }
    }
    const missing = paths.find((path) => !this.#names.has(posix.normalize(path)));
    if (missing !== undefined) throw this.#invalid(`its manifest.json names ${quote(missing)}, which it does not hold`);
  }

  /** There is no `manifest.json`. */
  requireManifest(hasManifest: boolean): void {
    if (hasManifest) return;
    if (this.#count === 0) throw new AppError('archive_invalid', { detail: 'The archive is empty.' });
    throw this.#invalid(this.#names.has('oci-layout') ? 'it is an OCI layout without manifest.json: export it as type=docker' : 'it has no manifest.json');
  }

  /** Kept within the root of the archive, by its letters. */
  #within(path: string): string {
    const plain = posix.normalize(path).replace(/\/$/, '');
    if (path.startsWith('/') || path.split('/').includes('..') || path.includes('\0')) throw this.#invalid(`the path ${quote(path)} leaves it`);
    return plain;
  }

  /** Links of `docker save` lead to the layer of another folder: `../<id>/layer.tar`. */
  #targetOf({ type, linkname }: EntryHeader, name: string): string {
    const given = linkname ?? '';
    const target = type === 'link' ? posix.normalize(given) : posix.join(posix.dirname(name), given);
    if (given === '' || given.startsWith('/') || target === '..' || target.startsWith('../')) throw this.#invalid(`the link ${quote(name)} leaves it`);
    return target;
  }

  #invalid(what: string): AppError {
    const isRoot = ['etc', 'usr', 'bin', 'proc'].some((folder) => this.#names.has(folder));
    const detail = isRoot ? 'This is the file system of a container, as docker export writes it: send the output of docker save.' : `The archive is not one of docker save: ${what}.`;
    return new AppError('archive_invalid', { detail });
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
