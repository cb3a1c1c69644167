/** A short list that outlives the process, in one file. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isMissing, writeAtomically } from './files.ts';

export interface Notes<T> {
  read(): Promise<T[]>;
  /** One change at a time. What it answers is on the disk when it resolves. */
  change(work: (notes: T[]) => Promise<T[]> | T[]): Promise<void>;
}

export function openNotes<T>(path: string, note: z.ZodType<T>): Notes<T> {
  let turn: Promise<unknown> = Promise.resolve();
  const read = async () => {
    try {
      return z.array(note).parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  };
  return {
    read,
    change(work) {
      const done = turn.then(async () => {
        const before = await read();
        const after = await work(before);
        if (JSON.stringify(after) !== JSON.stringify(before)) await writeAtomically(path, JSON.stringify(after));
      });
      turn = done.catch(() => undefined);
      return done;
    },
  };
}
