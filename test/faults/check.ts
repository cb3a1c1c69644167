/** What has to be true when the dust has settled, whatever went wrong. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../../shared/api/deployments.ts';
import { eventPage } from '../../shared/api/events.ts';
import { logPage } from '../../shared/api/logs.ts';
import { labels } from '../../shared/names.ts';
import type { Containers } from './containers.ts';
import { isOver, readDeployments, versionsOf, volume, type Scene } from './scene.ts';

/** ms after the end of the last fault within which everything has to be as it should. */
const settleTime = 60_000;
/** ms that the last deployment needs to take away what it has replaced. */
const drainTime = 10_000;

export interface Findings {
  finished: number;
  rolledBack: number;
  resumed: number;
  orphans: string[];
  lost: string[];
  doubles: string[];
  /** Everything else that is wrong. */
  problems: string[];
  /** ms from the end of the last fault until all was well. */
  settledAfter: number;
}

export async function check(scene: Scene, containers: Containers): Promise<Findings> {
  const begun = scene.faultEnd;
  // What users did after the last fault took its time: an old container may still be draining.
  const deadline = Math.max(begun + settleTime, Date.now() + drainTime);
  let { wrong, deployments } = await lookAround(scene);
  while (wrong.length > 0 && Date.now() < deadline) {
    await sleep(100);
    ({ wrong, deployments } = await lookAround(scene));
  }
  const settledAfter = Math.max(0, Date.now() - begun);
  const of = (kind: Wrong['kind']) => wrong.filter((one) => one.kind === kind).map(({ what }) => what);
  return {
    finished: deployments.filter(({ status }) => status === 'succeeded').length,
    rolledBack: deployments.filter(({ status }) => status === 'failed' || status === 'cancelled').length,
    resumed: deployments.filter((deployment) => isOver(deployment) && scene.interrupted.has(deployment.id)).length,
    orphans: of('orphan'),
    lost: of('lost'),
    doubles: [...of('double'), ...twice(scene, containers)],
    problems: [...of('state'), ...(settledAfter > settleTime ? [`it took ${Math.round(settledAfter / 1000)} s to settle`] : [])],
    settledAfter,
  };
}

/** What was made twice, or ran beside another one that has the same volume. */
function twice({ app, isStateful }: Scene, containers: Containers): string[] {
  const made = [...containers.madeFor(app.id)].flatMap(([id, count]) => (count > 1 ? [`${count} containers were made for ${id}`] : []));
  const together = containers.atOnce(app.id);
  return isStateful && together > 1 ? [...made, `${together} containers had the volume at once`] : made;
}

interface Wrong {
  kind: 'orphan' | 'lost' | 'double' | 'state';
  what: string;
}

async function lookAround(scene: Scene): Promise<{ wrong: Wrong[]; deployments: Deployment[] }> {
  try {
    const deployments = await readDeployments(scene);
    const wrong = [...outcomes(scene, deployments), ...(await service(scene, deployments)), ...(await remains(scene, deployments)), ...(await effects(scene)), ...(await story(scene, deployments))];
    return { wrong, deployments };
  } catch (error) {
    return { wrong: [{ kind: 'state', what: `it could not be asked: ${error instanceof Error ? error.message : String(error)}` }], deployments: [] };
  }
}

/** Every deployment has ended as its version deserves, and those that were promised are there. */
function outcomes(scene: Scene, deployments: Deployment[]): Wrong[] {
  const known = new Set(deployments.map(({ id }) => id));
  const lost = [...scene.acknowledged].filter((id) => !known.has(id)).map((id): Wrong => ({ kind: 'lost', what: `deployment ${id} was answered and is not known` }));
  const states = deployments.flatMap((deployment): Wrong[] => {
    const { id, status, failure } = deployment;
    if (!isOver(deployment)) return [{ kind: 'state', what: `${id} is still ${status} in ${deployment.phase}` }];
    const versions = versionsOf(scene, deployment);
    const version = versions.map((one) => one.version).join(' or ');
    if (status === 'failed' && failure === null) return [{ kind: 'state', what: `${id} failed without a reason` }];
    if (status === 'failed' && versions.every(({ isGood }) => isGood)) return [{ kind: 'state', what: `${id} of ${version} failed: ${failure?.code} ${failure?.message}` }];
    if (status === 'succeeded' && !versions.some(({ isGood }) => isGood)) return [{ kind: 'state', what: `${id} of ${version} succeeded` }];
    if (status === 'failed' && failure?.code !== 'container_exited') return [{ kind: 'state', what: `${id} of ${version} failed with ${failure?.code}: ${failure?.message}` }];
    return [];
  });
  return [...lost, ...states];
}

/** The newest that succeeded is what users get, what the engine runs, and what the API shows. */
async function service(scene: Scene, deployments: Deployment[]): Promise<Wrong[]> {
  const { world, app, slug } = scene;
  const current = deployments.find(({ status }) => status === 'succeeded');
  if (current === undefined) return [{ kind: 'state', what: 'nothing ever succeeded' }];
  const wanted = versionsOf(scene, current).flatMap(({ isGood, version }) => (isGood ? [version] : []));
  const [{ status }, reply, containers] = await Promise.all([
    world.getApp(slug),
    world.visit(slug).catch((error: Error) => ({ status: 0, body: error.message })),
    world.docker.listContainers({ all: true, filters: { label: [`${labels.app}=${app.id}`] } }),
  ]);
  const wrong: Wrong[] = [];
  if (status !== 'running') wrong.push({ kind: 'state', what: `the app is shown as ${status}` });
  if (reply.status !== 200 || !wanted.includes(reply.body.trim())) wrong.push({ kind: 'state', what: `users get ${reply.status} ${reply.body.trim().slice(0, 80)} instead of ${wanted.join(' or ')}` });
  const own = containers.find(({ Labels }) => Labels[labels.deployment] === current.id);
  if (own?.State !== 'running') wrong.push({ kind: 'state', what: `the container of ${current.id} is ${own?.State ?? 'not there'}` });
  for (const container of containers) if (container !== own) wrong.push({ kind: 'orphan', what: `container ${container.Names[0]} (${container.State})` });
  return wrong;
}

/** Files that somebody began and nobody ended. */
async function remains({ world }: Scene, deployments: Deployment[]): Promise<Wrong[]> {
  const names = await readdir(world.executorDir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const stray = files.filter((path) => path.endsWith('.tmp') || path.endsWith('.damaged') || path.includes('/uploads/') || path.includes('/commands/'));
  const open = deployments.some((deployment) => !isOver(deployment));
  return open ? [] : stray.map((path) => ({ kind: 'orphan', what: `file ${path.slice(world.executorDir.length + 1)}` }));
}

/** What commands wrote to the log of the app: its containers may be gone, the log stays. */
async function effects({ world, slug, marks }: Scene): Promise<Wrong[]> {
  if (marks.size === 0) return [];
  const { data } = await world.expect(200, logPage, world.request('GET', `/api/v1/apps/${slug}/logs?tail=5000`));
  return [...marks].flatMap(([mark, isPromised]): Wrong[] => {
    const times = data.filter(({ text }) => text === mark).length;
    if (times > 1) return [{ kind: 'double', what: `command ${mark} ran ${times} times` }];
    return isPromised && times === 0 ? [{ kind: 'lost', what: `command ${mark} was answered and has not run` }] : [];
  });
}

/** Every deployment is told of once as it was asked for, and once as it ended. */
async function story({ world, slug }: Scene, deployments: Deployment[]): Promise<Wrong[]> {
  const { data } = await world.expect(200, eventPage, world.request('GET', `/api/v1/apps/${slug}/events?type=deployment&limit=100`));
  return deployments.flatMap(({ id, status }) =>
    [`deployment.requested`, `deployment.${status}`].flatMap((type): Wrong[] => {
      const times = data.filter((event) => event.type === type && event.data['deployment_id'] === id).length;
      return times === 1 ? [] : [{ kind: times === 0 ? 'lost' : 'double', what: `${type} of ${id} was told ${times} times` }];
    }),
  );
}

/** After the app and its project are deleted nothing of them is left. */
export async function checkRemoval({ world, app, slug, isStateful }: Scene): Promise<string[]> {
  const deadline = Date.now() + settleTime;
  await removeFrom(world, `/api/v1/apps/${slug}${isStateful ? `?delete_volumes=${volume.name}` : ''}`, deadline);
  await removeFrom(world, `/api/v1/projects/${app.project_id}`, deadline);
  let left = await find();
  for (; left.length > 0 && Date.now() < deadline; left = await find()) await sleep(100);
  return left;

  async function find(): Promise<string[]> {
    const [containers, networks, volumes, images] = await Promise.all([
      world.docker.listContainers({ all: true, filters: { label: [`${labels.app}=${app.id}`] } }),
      world.docker.listNetworks({ filters: { label: [`${labels.project}=${app.project_id}`] } }),
      world.docker.listVolumes({ filters: { label: [`${labels.app}=${app.id}`] } }),
      world.docker.listImages({ filters: { reference: [`dockup/${slug}`] } }),
    ]);
    return [...containers.map(({ Names }) => `container ${Names[0]}`), ...networks.map(({ Name }) => `network ${Name}`), ...volumes.Volumes.map(({ Name }) => `volume ${Name}`), ...images.flatMap(({ RepoTags }) => RepoTags ?? []).map((tag) => `image ${tag}`)];
  }
}

async function removeFrom(world: Scene['world'], path: string, deadline: number): Promise<void> {
  for (;;) {
    const status = await world.request('DELETE', path).then((reply) => reply.status, () => 0);
    if (status === 204 || status === 404 || Date.now() > deadline) return;
    await sleep(200);
  }
}
