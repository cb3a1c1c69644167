/** Volumes of apps as Dokploy's mounts. */
import { z } from 'zod';
import type { AppSettings } from '../../../shared/api/apps.ts';
import { fixed, text, textOrNull } from '../fields.ts';

const absent = fixed(textOrNull, null, ['hostPath', 'filePath', 'content', 'postgresId', 'mariadbId', 'mongoId', 'mysqlId', 'redisId', 'composeId', 'libsqlId']);

export const mountRow = z.object({
  mountId: text,
  type: z.literal('volume'),
  volumeName: text.meta({ description: 'Name of the volume within the app.' }),
  mountPath: text,
  serviceType: z.literal('application'),
  applicationId: text,
  ...absent.shape,
}).meta({ id: 'Mount' });
export type MountRow = z.infer<typeof mountRow>;

export function toMount(appId: string, { name, mount_path: mountPath }: AppSettings['volumes'][number]): MountRow {
  return { mountId: `${appId}.${name}`, type: 'volume', volumeName: name, mountPath, serviceType: 'application', applicationId: appId, ...absent.values };
}

/** The app and the volume that an id of a mount names. */
export function readMountId(mountId: string): { appId: string; name: string } {
  const [appId = '', name = ''] = mountId.split('.', 2);
  return { appId, name };
}
