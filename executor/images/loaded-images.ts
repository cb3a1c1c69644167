/**
 * The images that were loaded for deployments, by the tags they got: on the disk before they are loaded, because a deployment may never follow, and an engine may be
 * shared, so that a tag alone does not say whose it is.
 */
import { z } from 'zod';
import { untagImage } from '../docker/images.ts';
import type { Engine } from '../docker/engine.ts';
import type { Journal } from '../journal.ts';
import { openNotes } from '../notes.ts';

const note = z.strictObject({ app: z.string(), image: z.string(), loadedAt: z.number() });
type Note = z.infer<typeof note>;

/** ms. A deployment waits for its turn at the control plane, 24 hours at most. */
const waits = 25 * 3600 * 1000;

export interface LoadedImages {
  note(app: string, image: string): Promise<void>;
  /** Let go of those that match and that no deployment has come for. */
  drop(which: { app?: string; deployment?: string; before?: number }): Promise<void>;
  /** Those no deployment has come for, for as long as one can come. */
  sweep(): Promise<void>;
}

export function createLoadedImages({ path, engine, journal }: { path: string; engine: Engine; journal: Journal }): LoadedImages {
  const notes = openNotes(path, note);

  async function isSettled(image: string): Promise<boolean> {
    // From here on the journal says what becomes of it.
    if (journal.get(deploymentOf(image)) !== undefined) return true;
    const isUsed = journal.all().some(({ spec }) => spec.image === image);
    return !isUsed && untagImage(engine, image);
  }

  const loaded: LoadedImages = {
    note: (app, image) => notes.change((before) => [...before, { app, image, loadedAt: Date.now() }]),

    drop: ({ app, deployment, before = Infinity }) =>
      notes.change(async (all) => {
        const kept: Note[] = [];
        for (const one of all) {
          const isMeant = (app ?? one.app) === one.app && (deployment ?? deploymentOf(one.image)) === deploymentOf(one.image) && one.loadedAt < before;
          if (!isMeant || !(await isSettled(one.image))) kept.push(one);
        }
        return kept;
      }),

    sweep: () => loaded.drop({ before: Date.now() - waits }),
  };
  return loaded;
}

function deploymentOf(image: string): string {
  return image.slice(image.lastIndexOf(':') + 1);
}

/** For those who take a whole system away. */
export async function readLoadedImages(path: string): Promise<string[]> {
  return (await openNotes(path, note).read()).map(({ image }) => image);
}
