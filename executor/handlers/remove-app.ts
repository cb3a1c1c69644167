/** Take an app off this host. Every step finds what an earlier, interrupted call has left. */
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { listContainers, removeContainer, stopContainer } from '../docker/containers.ts';
import { dropImages } from '../deploy/kept-images.ts';
import { removeNetworkIfUnused } from '../docker/networks.ts';
import { removeVolume } from '../docker/volumes.ts';
import type { HandlerContext } from './context.ts';

export function removeApp({ host, deployments, uploads, loaded, apps }: HandlerContext, { app, volumes }: Params<'remove_app'>): Promise<Result<'remove_app'>> {
  const { engine, proxy, journal, projects, log } = host;
  const remove = async () => {
    if (proxy.routes().some((route) => route.app === app)) await proxy.remove(app);
    const containers = await listContainers(engine, { app });
    await Promise.all(
      containers.map(async ({ id }) => {
        await stopContainer(engine, id);
        await removeContainer(engine, id);
      }),
    );
    for (const project of new Set(containers.map((container) => container.project))) await projects.hold(project, () => removeNetworkIfUnused(engine, project));
    for (const volume of volumes) await removeVolume(engine, { app, volume });
    await dropImages(host, app);
    await loaded.drop({ app });
    await uploads.forget(app);
    await host.logs.archive.remove(app);
    // Last: until then the journal knows what belongs to the app.
    await journal.forget(app);
    log.info('app removed', { app, containers: containers.length });
  };
  return apps.hold(app, async () => {
    await deployments.endApp(app, remove);
    return {};
  });
}
