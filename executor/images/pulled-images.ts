/** The images that this executor has brought onto the engine: whoever else uses the engine has a right to what was there before (REL-15). */
import { z } from 'zod';
import { openNotes } from '../notes.ts';

const pulledImage = z.strictObject({
  /** Of the image. */
  id: z.string(),
  /** What it was pulled as. */
  image: z.string(),
});
export type PulledImage = z.infer<typeof pulledImage>;

export interface PulledImages {
  list(): Promise<PulledImage[]>;
  /** `known` are the ids of all images that the engine has: what it does not have any more is forgotten. */
  note(pulled: PulledImage, known: ReadonlySet<string>): Promise<void>;
}

export function openPulledImages(path: string): PulledImages {
  const notes = openNotes(path, pulledImage);
  return {
    list: () => notes.read(),
    note: (pulled, known) => notes.change((before) => [...before.filter(({ id, image }) => known.has(id) && !(id === pulled.id && image === pulled.image)), pulled]),
  };
}
