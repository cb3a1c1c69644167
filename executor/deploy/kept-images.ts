/** Images of earlier deployments, tagged so that the engine keeps them for rollbacks. The journal knows which tags are ours: an engine may be shared. */
import { isKeptImage, keptImage } from '../../shared/names.ts';
import { tagImage, untagImage } from '../docker/images.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { isOwnUpload, type Journal, type JournalEntry } from '../journal.ts';
import type { DeployHost } from './host.ts';

/** The current deployment and the three before it. The control plane offers as many for a rollback. */
const keptDeployments = 4;

export function keepImage({ engine }: DeployHost, { id, slug }: { id: string; slug: string }, imageId: string): Promise<void> {
  return tagImage(engine, imageId, keptImage(slug, id));
}

/** Let go of the images that no rollback reaches any more, and that nothing else names. */
export async function dropOldImages(host: DeployHost, app: string): Promise<void> {
  const all = keepers(host, app);
  const kept = all.filter(({ outcome }) => outcome?.status === 'succeeded').slice(-keptDeployments);
  const sources = [...host.journal.unfinished(), ...kept].map(({ spec }) => spec.image);
  // The settings of the app name it until the next upload, however many rollbacks come before the next deploy; also when its deployment has failed, perhaps
  // for settings that are mended and deployed without another upload.
  const newestUpload = all.findLast((entry) => isOwnUpload(entry));
  for (const entry of all) if (entry !== newestUpload && !kept.includes(entry) && !sources.includes(nameOf(entry))) await drop(host, entry);
}

/** Of an app that is being removed. */
export async function dropImages(host: DeployHost, app: string): Promise<void> {
  for (const entry of keepers(host, app)) await drop(host, entry);
}

/** What was tagged for a deployment that has failed, before a crash: its own upload stays. */
export async function dropFailedImage({ engine }: DeployHost, { id: deployment, spec }: { id: string; spec: AppSpec }): Promise<void> {
  if (!isOwnUpload({ deployment, spec })) await untagImage(engine, nameOf({ deployment, spec }));
}

/** Every name under which the images of these deployments may be kept. */
export function keptNames(journal: Journal): string[] {
  const uploaded = journal.all().flatMap(({ spec }) => (isKeptImage(spec.image) ? [spec.image] : []));
  return [...new Set([...uploaded, ...journal.all().map(nameOf)])];
}

type Named = Readonly<Pick<JournalEntry, 'deployment' | 'spec'>>;

/** Oldest first. */
function keepers({ journal }: DeployHost, app: string): JournalEntry[] {
  return journal.of(app).filter((entry) => entry.keepsImage);
}

/** An image that a container still uses keeps its tag until the next time. */
async function drop({ engine, journal }: DeployHost, entry: JournalEntry): Promise<void> {
  if (await untagImage(engine, nameOf(entry))) await journal.change(entry.deployment, { keepsImage: false });
}

function nameOf({ spec, deployment }: Named): string {
  return keptImage(spec.slug, deployment);
}
