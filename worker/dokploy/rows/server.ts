import { z } from 'zod';
import type { ServerRow } from '../../store/schema.ts';
import { fixed, flag, organizationId, text, textOrNull, time, toTime } from '../fields.ts';

const absent = fixed(textOrNull, null, ['sshKeyId']);

export const serverRow = z.object({
  serverId: text,
  name: text,
  description: textOrNull,
  ipAddress: text.meta({ description: 'Not known: the executor dials in. Always empty.' }),
  port: z.number(),
  username: text,
  appName: text,
  enableDockerCleanup: flag,
  createdAt: time,
  organizationId: text,
  serverStatus: z.enum(['active', 'inactive']),
  serverType: z.literal('deploy'),
  command: text.meta({ description: 'Of a server that was just made: what starts its executor, once, within 15 minutes. Else empty.' }),
  ...absent.shape,
});

/** @param command what starts the executor of a new one */
export function toServerRow({ id, name, status, createdAt }: ServerRow, command = ''): z.infer<typeof serverRow> {
  return {
    serverId: id,
    name,
    description: null,
    ipAddress: '',
    port: 0,
    username: '',
    appName: name,
    enableDockerCleanup: true,
    createdAt: toTime(createdAt),
    organizationId,
    serverStatus: status === 'revoked' ? 'inactive' : 'active',
    serverType: 'deploy',
    command,
    ...absent.values,
  };
}
