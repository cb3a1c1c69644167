/** `manifest.json` of an archive of `docker save`: which images it holds, and the same with one image and one tag. Pure. */
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';

const manifestFile = z
  .array(
    z.object({
      /** Path of the image's configuration in the archive: `<id>.json`, or `blobs/sha256/<id>` since Engine 25. */
      Config: z.string().min(1),
      RepoTags: z.array(z.string()).nullish(),
      Layers: z.array(z.string().min(1)),
    }),
  )
  .min(1);

type SavedImage = z.infer<typeof manifestFile>[number];

/** @throws AppError archive_invalid */
export function parseManifest(text: string): SavedImage[] {
  try {
    return manifestFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('archive_invalid', { detail: 'The manifest.json of the archive is not one of docker save.', cause });
  }
}

/** The image that is meant. @throws AppError archive_ambiguous, image_not_in_archive */
export function chooseImage(images: SavedImage[], pick: string | null): SavedImage {
  const all = images.map(namesOf);
  const listed = all.flat().slice(0, 20).join(', ');
  if (pick === null) {
    const [only, ...others] = images;
    if (only !== undefined && others.length === 0) return only;
    throw new AppError('archive_ambiguous', { detail: `The archive holds ${images.length} images. Name one of them with ?image=: ${listed}` });
  }
  const chosen = images[all.findIndex((names) => names.includes(pick) || names.includes(`${pick}:latest`))];
  if (chosen === undefined) throw new AppError('image_not_in_archive', { detail: `The archive does not hold ${JSON.stringify(pick)}, but: ${listed}` });
  return chosen;
}

/** Its tags; of an image that was saved by its id, the id. */
function namesOf({ RepoTags, Config }: SavedImage): string[] {
  return RepoTags?.length ? RepoTags : [`sha256:${Config.replace(/^.*\//, '').replace(/\.json$/, '')}`];
}

/** The manifest that is loaded instead: this image, under this tag and no other (SEC-14). */
export function writeManifest({ Config, Layers }: SavedImage, tag: string): string {
  return JSON.stringify([{ Config, RepoTags: [tag], Layers }]);
}

/** What the archive must hold for the image to be whole. */
export function pathsOf({ Config, Layers }: SavedImage): string[] {
  return [Config, ...Layers];
}
