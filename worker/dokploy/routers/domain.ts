/** An app has one domain, its slug under the base domain: having it or not is having an internal port or not. */
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { appHost } from '../../../shared/names.ts';
import { reachApp } from '../../services/access.ts';
import { changeApp, type LiveApp } from '../../services/apps.ts';
import { unsupportedField } from '../failure.ts';
import { flag, isNothing, text } from '../fields.ts';
import { mutation, query, type Call, type Router } from '../procedure.ts';
import { siteOf } from '../read-application.ts';
import { appIdOfDomain, domainRow, toDomains, withoutCounterpart, type DomainRow } from '../rows/domain.ts';

type App = LiveApp['app'];

const byId = z.object({ domainId: text });
const byApplication = z.object({ applicationId: text });

const fields = {
  host: text.min(1),
  path: text.nullish(),
  port: z.coerce.number().int().min(1).max(65535).nullish(),
  https: z.boolean().optional(),
  certificateType: z.enum(['letsencrypt', 'none', 'custom']).optional(),
  domainType: text.nullish(),
  ...Object.fromEntries(withoutCounterpart.texts.map((name) => [name, text.nullish()])),
  ...Object.fromEntries(withoutCounterpart.lists.map((name) => [name, z.array(text).nullish()])),
  ...Object.fromEntries(withoutCounterpart.flags.map((name) => [name, flag.nullish()])),
};
const wholeDomain = z.object(fields);

/** The app of a domain that it has. */
async function reachDomain({ ctx, actor, action }: Call, domainId: string): Promise<{ app: App; domain: DomainRow }> {
  const app = await reachApp(ctx, actor, { id: appIdOfDomain(domainId), action });
  const [domain] = toDomains(app, siteOf(ctx, app));
  if (domain === undefined) throw new AppError('app_not_found', { detail: 'Domain not found' });
  return { app, domain };
}

/** Only the host that the app has, as a whole. @throws AppError not_available_yet */
function requireOwnHost({ ctx }: Call, { slug }: App, wanted: Omit<z.infer<typeof wholeDomain>, 'port'>): void {
  const { host, path, certificateType } = wanted;
  const own = appHost(slug, ctx.config.baseDomain);
  if (host.toLowerCase() !== own) throw unsupportedField('host', `Custom domains are not available yet: the domain of this app is ${own} (domain.generateDomain).`);
  if (path != null && path !== '/') throw unsupportedField('path', 'A domain leads to one app as a whole.');
  for (const name of [...withoutCounterpart.texts, ...withoutCounterpart.lists, ...withoutCounterpart.flags]) {
    const value = (wanted as Record<string, unknown>)[name];
    const isAsHere = isNothing(value) || (name === 'internalPath' && value === '/');
    if (!isAsHere) throw unsupportedField(name, 'A domain leads to its app, and requests come to it as they are.');
  }
  if (certificateType === 'custom') throw unsupportedField('certificateType', 'Certificates are obtained and renewed by the server itself.');
}

async function setPort({ ctx, actor }: Call, app: App, port: number | null): Promise<App> {
  return (await changeApp(ctx, actor, app, { internal_port: port })).app;
}

function only(call: Call, app: App): DomainRow {
  return toDomains(app, siteOf(call.ctx, app))[0] as DomainRow;
}

export const domainRouter: Router = {
  create: mutation({
    needs: 'apps:write',
    input: z.object({ ...fields, applicationId: text }),
    output: domainRow,
    async run(call, { applicationId, port, ...wanted }) {
      const app = await reachApp(call.ctx, call.actor, { id: applicationId, action: call.action });
      requireOwnHost(call, app, wanted);
      return only(call, await setPort(call, app, port ?? 80));
    },
  }),
  update: mutation({
    needs: 'apps:write',
    input: z.object({ ...fields, domainId: text }),
    output: domainRow,
    async run(call, { domainId, port, ...wanted }) {
      const { app, domain } = await reachDomain(call, domainId);
      requireOwnHost(call, app, wanted);
      return only(call, await setPort(call, app, port ?? domain.port));
    },
  }),
  delete: mutation({
    needs: 'apps:write',
    input: byId,
    output: domainRow,
    async run(call, { domainId }) {
      const { app, domain } = await reachDomain(call, domainId);
      await setPort(call, app, null);
      return domain;
    },
  }),
  one: query({ needs: 'apps:read', input: byId, output: domainRow, run: async (call, { domainId }) => (await reachDomain(call, domainId)).domain }),
  byApplicationId: query({
    needs: 'apps:read',
    input: byApplication,
    output: z.array(domainRow),
    async run({ ctx, actor, action }, { applicationId }) {
      const app = await reachApp(ctx, actor, { id: applicationId, action });
      return toDomains(app, siteOf(ctx, app));
    },
  }),
  generateDomain: mutation({
    needs: 'apps:read',
    input: z.object({ appName: text.regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/), serverId: text.optional() }),
    output: text.meta({ description: 'The domain that the app has, or gets: the only one that `domain.create` takes.' }),
    run: ({ ctx }, { appName }) => appHost(appName, ctx.config.baseDomain),
  }),
};
