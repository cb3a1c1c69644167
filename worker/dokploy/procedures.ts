/** All procedures: those that work, and of the others why not. */
import { catalog } from './catalog.ts';
import { instead } from './instead.ts';
import type { Listed, Router } from './procedure.ts';
import { applicationActions } from './routers/application-actions.ts';
import { applicationSettings } from './routers/application-settings.ts';
import { applicationRouter } from './routers/application.ts';
import { auditLogRouter } from './routers/audit-log.ts';
import { deploymentRouter } from './routers/deployment.ts';
import { dockerRouter } from './routers/docker.ts';
import { domainRouter } from './routers/domain.ts';
import { environmentRouter } from './routers/environment.ts';
import { mountsRouter } from './routers/mounts.ts';
import { organizationRouter } from './routers/organization.ts';
import { projectRouter } from './routers/project.ts';
import { rollbackRouter } from './routers/rollback.ts';
import { serverRouter } from './routers/server.ts';
import { createSettingsRouter } from './routers/settings.ts';
import { tagRouter } from './routers/tag.ts';
import { userPermissions } from './routers/user-permissions.ts';
import { userRouter } from './routers/user.ts';

const routers: Readonly<Record<string, Router>> = {
  application: { ...applicationRouter, ...applicationSettings, ...applicationActions },
  auditLog: auditLogRouter,
  deployment: deploymentRouter,
  docker: dockerRouter,
  domain: domainRouter,
  environment: environmentRouter,
  mounts: mountsRouter,
  organization: organizationRouter,
  project: projectRouter,
  rollback: rollbackRouter,
  server: serverRouter,
  settings: createSettingsRouter(() => listed),
  tag: tagRouter,
  user: { ...userRouter, ...userPermissions },
};

const table: ReadonlyMap<string, Listed> = new Map(
  Object.entries(catalog).flatMap(([router, entry]) =>
    (['get', 'post'] as const).flatMap((method) =>
      entry[method]
        .split(' ')
        .filter((name) => name !== '')
        .map((name) => {
          const path = `${router}.${name}`;
          return [path, { path, method, procedure: routers[router]?.[name] ?? null, instead: instead[path] ?? entry.instead }] as const;
        }),
    ),
  ),
);

export const listed: readonly Listed[] = [...table.values()];

/** Undefined where there is no such procedure, or it comes by another method. */
export function findProcedure(path: string, method: string): Listed | undefined {
  const found = table.get(path);
  return found?.method === method.toLowerCase() ? found : undefined;
}

/** Those that stand in a router here and are none of Dokploy's: none, says a test. */
export const unlisted = Object.entries(routers).flatMap(([router, procedures]) => Object.keys(procedures).filter((name) => table.get(`${router}.${name}`)?.procedure?.method !== procedures[name]?.method).map((name) => `${router}.${name}`));
