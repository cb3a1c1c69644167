/** An application as Dokploy reads it, alone and with what belongs to it. */
import { z } from 'zod';
import { isAllowed, reachApp, reachesProjectOf } from '../services/access.ts';
import { openEnv } from '../services/app-env.ts';
import type { LiveApp } from '../services/apps.ts';
import type { Context } from '../services/context.ts';
import { readDeployments } from '../services/deployments.ts';
import { readPlace } from '../services/environments.ts';
import { fixed, textOrNull } from './fields.ts';
import type { Call } from './procedure.ts';
import { applicationRow, toApplication, type ApplicationRow } from './rows/application.ts';
import { deploymentRow, toDeploymentEntry } from './rows/deployment.ts';
import { domainRow, toDomains } from './rows/domain.ts';
import { toEnvText } from './rows/env-text.ts';
import { mountRow, toMount } from './rows/mount.ts';
import { environmentRow, projectRow, toEnvironmentRow, toProjectRow } from './rows/project.ts';

type App = LiveApp['app'];

const noLists = fixed(z.array(z.unknown()), [], ['redirects', 'security', 'ports', 'previewDeployments']);
const nothing = fixed(z.record(z.string(), z.unknown()).nullable(), null, ['github', 'gitlab', 'bitbucket', 'gitea', 'registry', 'buildRegistry', 'rollbackRegistry']);
const off = fixed(textOrNull, null, ['unauthorizedProvider']);
const on = fixed(z.boolean(), true, ['hasGitProviderAccess']);

const placeRow = environmentRow.extend({ project: projectRow }).meta({ description: 'Without names and descriptions for those who reach the application and not its project.' });
type Place = z.infer<typeof placeRow>;

export const applicationDetail = applicationRow.extend({
  environment: placeRow,
  domains: z.array(domainRow),
  deployments: z.array(deploymentRow),
  mounts: z.array(mountRow),
  server: z.object({ serverId: z.string() }).nullable(),
  ...noLists.shape,
  ...nothing.shape,
  ...off.shape,
  ...on.shape,
}).meta({ id: 'ApplicationDetail' });

/** How many deployments come with an application. */
const recent = 10;

/** Without its environment variables. */
export async function readApplication(ctx: Context, app: App): Promise<ApplicationRow> {
  const { data } = await readDeployments(ctx, app, { limit: 1 });
  return toApplication(app, { latest: data[0]?.deployment.status ?? null });
}

/** Its variables are in it for those who may read secrets. */
export async function readDetail({ ctx, actor }: Call, applicationId: string): Promise<z.input<typeof applicationDetail>> {
  const app = await reachApp(ctx, actor, { id: applicationId, action: 'apps:read' });
  const [{ environment, project }, { data: deployments }] = await Promise.all([readPlace(ctx, app), readDeployments(ctx, app, { limit: recent })]);
  const env = isAllowed(actor, 'secrets:read', app) ? toEnvText(await openEnv(ctx, app)) : null;
  const place = { ...toEnvironmentRow(environment), project: toProjectRow(project) };
  return {
    ...toApplication(app, { latest: deployments[0]?.deployment.status ?? null, env }),
    environment: reachesProjectOf(actor, app) ? place : withoutTexts(place),
    domains: toDomains(app, siteOf(ctx, app)),
    deployments: deployments.map(({ deployment }) => toDeploymentEntry(deployment)),
    mounts: app.settings.volumes.map((volume) => toMount(app.id, volume)),
    server: app.serverId === null ? null : { serverId: app.serverId },
    ...noLists.values,
    ...nothing.values,
    ...off.values,
    ...on.values,
  };
}

/** For those who reach nothing of the project but the app. */
function withoutTexts(place: Place): Place {
  const empty = { name: '', description: '' };
  return { ...place, ...empty, project: { ...place.project, ...empty } };
}

/** How apps on the app's server are reached. */
export function siteOf({ config }: Context, { ingress }: App): { baseDomain: string; isSecure: boolean } {
  return { baseDomain: config.baseDomain, isSecure: ingress?.scheme !== 'http' };
}
