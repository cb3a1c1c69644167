/** What most cases start from: an executor of their own and an app on it, so that no case sees another one's. */
import type { App } from '../../../shared/api/apps.ts';
import { deployment, type Deployment } from '../../../shared/api/deployments.ts';
import type { DeploymentEvent } from '../../../shared/protocol/events.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import type { OnOpen } from '../../support/fake-streams.ts';
import { enrolExecutor, type Connection, type FakeExecutor, type Handlers } from '../../support/fake-executor.ts';

/** The host under test: there once the hooks of its file have run. */
export type Plane = () => ControlPlane;

export interface Scene {
  executor: FakeExecutor;
  app: App;
}

let count = 0;

/** An app that has run before, on a server whose executor is not connected. */
export async function setScene(plane: ControlPlane): Promise<Scene> {
  const executor = await enrolExecutor(plane);
  const project = await plane.createProject();
  return { executor, app: await addApp(plane, executor, project.id) };
}

export async function addApp(plane: ControlPlane, executor: FakeExecutor, projectId: string): Promise<App> {
  count++;
  return plane.createApp(projectId, { name: `case ${count}`, slug: `case-${count}`, image: 'nginx:alpine', server_id: executor.serverId });
}

/** Takes every deployment and leaves it to the test to end it. */
export const accepting: Handlers = { deploy: () => ({ accepted: true }) };

/** Connects and says that the app runs, so that it can be acted on. */
export async function connectAndServe({ executor, app }: Scene, handlers: Handlers = {}, onOpen?: OnOpen): Promise<Connection> {
  const connection = await executor.connect({ ...accepting, ...handlers }, {}, onOpen);
  await connection.tell({ kind: 'status', app: app.id, status: 'running', reason: null, at: Date.now() });
  return connection;
}

/** A deployment event as the executor sends it, about the deployment the hub has handed over. */
export function progress({ id, app_id }: Pick<Deployment, 'id' | 'app_id'>, changes: Partial<DeploymentEvent>): DeploymentEvent {
  return { kind: 'deployment', deployment: id, app: app_id, status: 'running', phase: 'pull', at: Date.now(), image_id: null, failure: null, ...changes };
}

export const succeeded = { status: 'succeeded', phase: 'done', image_id: 'sha256:2c5f' } as const;

export async function requestDeploy(plane: ControlPlane, app: App, query = ''): Promise<Deployment> {
  return plane.expect(202, deployment, plane.request('POST', `/api/v1/apps/${app.slug}/deploy${query}`));
}

export function readDeployment(plane: ControlPlane, id: string): Promise<Deployment> {
  return plane.expect(200, deployment, plane.request('GET', `/api/v1/deployments/${id}`));
}
