/** What one run works on: an app of its own that serves already, users who ask for it, and a record of what was asked of Dockup and what it said. */
import type { App } from '../../shared/api/apps.ts';
import { deployment, deploymentPage, type Deployment } from '../../shared/api/deployments.ts';
import type { Reply } from '../support/api.ts';
import { images } from '../support/images.ts';
import type { Random } from './random.ts';
import { until, type World } from './world.ts';

/** A version as it was set, and from when on deployments are of it. */
interface Version {
  at: number;
  version: string;
  isGood: boolean;
}

export interface Scene {
  world: World;
  random: Random;
  app: App;
  slug: string;
  /** It has a volume, which no two of its containers may hold at once (REL-13). */
  isStateful: boolean;
  versions: Version[];
  /** Deployments whose request was answered. */
  acknowledged: Set<string>;
  /** Texts that commands have written to the log of the app, and whether the command was answered as done: those are there once, others once at most. */
  marks: Map<string, boolean>;
  /** Operations that were refused, by code. */
  refusals: string[];
  /** What should not have happened, in words. */
  problems: string[];
  /** When the last fault was over, in ms since the epoch. */
  faultEnd: number;
  /** Deployments that were under way when something was killed or cut. */
  interrupted: Set<string>;
}

/** Ends an operation whose request got no answer: what it asked for may have happened or not. */
export class Unanswered extends Error {}

const settings = { image: images.busybox, internal_port: 80, drain_timeout: 5, stop_timeout: 2 };

/** The volume of an app that has one. */
export const volume = { name: 'data', mount_path: '/data' };

export async function openScene(world: World, random: Random, { name, isStateful }: { name: string; isStateful: boolean }): Promise<Scene> {
  const project = await world.createProject(name);
  const slug = `${name}-${process.pid.toString(36)}`;
  const app = await world.createApp(project.id, { name, slug, ...settings, volumes: isStateful ? [volume] : [], env: { VERSION: 'first' } });
  const scene: Scene = { world, random, app, slug, isStateful, versions: [], acknowledged: new Set(), marks: new Map(), refusals: [], problems: [], faultEnd: Date.now(), interrupted: new Set() };
  scene.versions.push({ at: Date.parse(app.created_at), version: 'first', isGood: true });
  scene.acknowledged.add((await world.deploy(slug)).id);
  return scene;
}

/** @throws Unanswered. A refusal is an answer, and noted. */
export async function ask(scene: Scene, method: string, path: string, body?: unknown): Promise<Reply> {
  const reply = await scene.world.request(method, path, body === undefined ? {} : { body }).catch((cause: unknown) => {
    throw new Unanswered(`${method} ${path}`, { cause });
  });
  if (reply.status >= 400) noteRefusal(scene, `${method} ${path}`, reply);
  return reply;
}

/** Every refusal has a code, and none of them says that Dockup itself has failed. */
export function noteRefusal(scene: Scene, what: string, { status, body }: Pick<Reply, 'status' | 'body'>): void {
  const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : null;
  if (code === null || code === 'internal_error') scene.problems.push(`${what} was answered ${status} ${JSON.stringify(body).slice(0, 200)}`);
  else scene.refusals.push(code);
}

/** Change the environment, as a user does before a deploy: again until it is answered. */
export async function setVersion(scene: Scene, version: string, env: Record<string, string> = {}, isGood = true): Promise<void> {
  // What an earlier version was given stays unless it is taken back.
  const change = { env: { EXIT_CODE: null, START_DELAY: null, VERSION: version, ...env } };
  await until('the settings are changed', 90_000, async () => (await ask(scene, 'PUT', `/api/v1/apps/${scene.slug}`, change)).status === 200);
  scene.versions.push({ at: Date.now(), version, isGood });
}

/** Ask for a deployment. Undefined: it was refused. @throws Unanswered */
export async function requestDeployment(scene: Scene): Promise<Deployment | undefined> {
  const reply = await ask(scene, 'POST', `/api/v1/deploy/${scene.slug}`);
  if (reply.status >= 400) return undefined;
  const requested = deployment.parse(reply.body);
  scene.acknowledged.add(requested.id);
  return requested;
}

/** Newest first. */
export async function readDeployments({ world, slug }: Scene): Promise<Deployment[]> {
  return (await world.expect(200, deploymentPage, world.request('GET', `/api/v1/apps/${slug}/deployments?limit=100`))).data;
}

/** What a deployment may have been of: it takes the settings as they are when it starts, which is later than its request when it has to wait. */
export function versionsOf({ versions }: Scene, { created_at: created, finished_at: finished }: Deployment): Version[] {
  // Whole milliseconds in both, and a request comes after the change it is for.
  const first = versions.findLastIndex(({ at }) => at <= Date.parse(created));
  const found = versions.slice(Math.max(first, 0)).filter(({ at }, index) => index === 0 || finished === null || at <= Date.parse(finished));
  if (found.length === 0) throw new Error('versions of deployment: the app never had one');
  return found;
}

export function isOver({ status }: Deployment): boolean {
  return status !== 'queued' && status !== 'running';
}
