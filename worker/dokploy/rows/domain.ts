/** The one domain of an app: its slug under the base domain. An app without an internal port has none. */
import { z } from 'zod';
import { appHost } from '../../../shared/names.ts';
import type { AppRow } from '../../store/schema.ts';
import { fixed, flag, text, textOrNull, time, toTime } from '../fields.ts';

/** What a domain of Dokploy has besides, and one of ours has not. */
export const withoutCounterpart = {
  texts: ['customEntrypoint', 'serviceName', 'composeId', 'customCertResolver', 'previewDeploymentId', 'internalPath'],
  lists: ['middlewares'],
  flags: ['stripPath', 'forwardAuthEnabled'],
} as const;

const absent = fixed(textOrNull, null, withoutCounterpart.texts);
const noMiddlewares = fixed(z.array(z.string()), [], withoutCounterpart.lists);
const off = fixed(flag, false, withoutCounterpart.flags);

export const domainRow = z.object({
  domainId: text,
  host: text,
  https: flag,
  port: z.number(),
  path: text,
  domainType: z.literal('application'),
  uniqueConfigKey: z.number(),
  createdAt: time,
  applicationId: text,
  certificateType: z.enum(['letsencrypt', 'none']),
  enabled: flag,
  ...absent.shape,
  ...noMiddlewares.shape,
  ...off.shape,
}).meta({ id: 'Domain' });
export type DomainRow = z.infer<typeof domainRow>;

const prefix = 'domain_';

/** An app has one domain at most, so its id tells which. */
export function domainIdOf(appId: string): string {
  return prefix + appId;
}

/** The app whose domain it is; what is no id of a domain leads nowhere. */
export function appIdOfDomain(domainId: string): string {
  return domainId.startsWith(prefix) ? domainId.slice(prefix.length) : '';
}

interface Site {
  baseDomain: string;
  isSecure: boolean;
}

export function toDomains(app: AppRow, { baseDomain, isSecure }: Site): DomainRow[] {
  const { internal_port: port } = app.settings;
  if (port === null) return [];
  return [
    {
      domainId: domainIdOf(app.id),
      host: appHost(app.slug, baseDomain),
      https: isSecure,
      port,
      path: '/',
      domainType: 'application',
      uniqueConfigKey: 1,
      createdAt: toTime(app.createdAt),
      applicationId: app.id,
      certificateType: isSecure ? 'letsencrypt' : 'none',
      enabled: true,
      ...absent.values,
      ...noMiddlewares.values,
      ...off.values,
    },
  ];
}
