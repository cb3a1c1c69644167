/** Images of earlier deployments, tagged so that the engine keeps them for rollbacks. The journal knows which tags are ours: an engine may be shared. */
import { isKeptImage, keptImage } from '../../shared/names.ts';
import { tagImage, untagImage } from '../docker/images.ts';
import type { Journal, JournalEntry } from '../journal.ts';
import type { DeployHost } from './host.ts';

/** The current deployment and the three before it. The control plane offers as many for a rollback. */
const keptDeployments = 4;

export function keepImage({ engine }: DeployHost, { id, slug }: { id: string; slug: string }, imageId: string): Promise<void> {
  return tagImage(engine, imageId, keptImage(slug, id));
}

/** Let go of the images that no rollback reaches any more, and that nothing else names. */
export async function dropOldImages(host: DeployHost, app: string): Promise<void> {
  const all = keepers(host, app);
  const kept = all.slice(-keptDeployments);
  const sources = [...host.journal.unfinished(), ...kept].map(({ spec }) => spec.image);
  // The settings of the app name it until the next upload, however many rollbacks come before the next deploy.
  const newestUpload = all.findLast((entry) => entry.spec.image === nameOf(entry));
  for (const entry of all.slice(0, -keptDeployments)) if (entry !== newestUpload && !sources.includes(nameOf(entry))) await drop(host, entry);
}

/** Of an app that is being removed. */
export async function dropImages(host: DeployHost, app: string): Promise<void> {
  for (const entry of keepers(host, app)) await drop(host, entry);
}

/** What was tagged for a deployment that has failed: its own upload, or a tag from before a crash. */
export async function dropFailedImage({ engine }: DeployHost, { id, slug }: { id: string; slug: string }): Promise<void> {
  await untagImage(engine, keptImage(slug, id));
}

/** Every name under which the images of these deployments may be kept. */
export function keptNames(journal: Journal): string[] {
  const uploaded = journal.all().flatMap(({ spec }) => (isKeptImage(spec.image) ? [spec.image] : []));
  return [...new Set([...uploaded, ...journal.all().map(nameOf)])];
}

/** Oldest first. */
function keepers({ journal }: DeployHost, app: string): JournalEntry[] {
  return journal.of(app).filter((entry) => entry.keepsImage);
}

/** An image that a container still uses keeps its tag until the next time. */
async function drop({ engine, journal }: DeployHost, entry: JournalEntry): Promise<void> {
  if (await untagImage(engine, nameOf(entry))) await journal.change(entry.deployment, { keepsImage: false });
}

function nameOf({ spec, deployment }: Readonly<JournalEntry>): string {
  return keptImage(spec.slug, deployment);
}
