/**
 * The version of the engine's API that is spoken (REL-24): the oldest that both ends take, because it is the one this executor was written against and is tested
 * with; a newer engine translates (docs/decisions/engine-api.md). Without one an engine answers in its newest, whatever that has become.
 */
import type Dockerode from 'dockerode';

/** Engine 20.10 to 28. Of Engine 29 some releases begin at 1.44. */
const [oldest, newest] = ['1.41', '1.51'];

interface Clients {
  docker: Dockerode;
  quick: Dockerode;
  patient: Dockerode;
  /** For the one question that comes before a version is agreed on. */
  unversioned: Dockerode;
}

/** What docker-modem puts before every path, and its types do not tell. */
interface Versioned {
  version?: string;
}

/** @param minimum the oldest that the engine takes. Where nothing is in common it refuses every request, and says in its own words what it would take */
export function chooseApiVersion(minimum: string): string {
  if (rank(minimum) <= rank(oldest)) return oldest;
  return rank(minimum) < rank(newest) ? minimum : newest;
}

/** Asks the engine what it takes, and speaks that from now on: before anything else, as an engine may be another one each time it comes. */
export async function agreeOnVersion({ docker, quick, patient, unversioned }: Clients): Promise<string> {
  const { MinAPIVersion } = await unversioned.version();
  const chosen = chooseApiVersion(MinAPIVersion);
  for (const { modem } of [docker, quick, patient]) Object.assign(modem, { version: `v${chosen}` } satisfies Versioned);
  return chosen;
}

/** For requests that are made without dockerode. */
export function pathFor({ docker }: Pick<Clients, 'docker'>, path: string): string {
  const { version } = docker.modem as Dockerode['modem'] & Versioned;
  return version === undefined ? path : `/${version}${path}`;
}

function rank(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1_000 + minor;
}
