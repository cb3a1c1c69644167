import { z } from 'zod';
import type { DeploymentRow } from '../../store/schema.ts';
import { fixed, flag, text, textOrNull, time, toTime } from '../fields.ts';
import { deploymentStatus, toDeploymentStatus } from './status.ts';

const absent = fixed(textOrNull, null, ['pid', 'composeId', 'previewDeploymentId', 'scheduleId', 'backupId', 'volumeBackupId', 'buildServerId']);
const off = fixed(flag, false, ['isPreviewDeployment']);

export const deploymentRow = z.object({
  deploymentId: text,
  title: text,
  description: textOrNull,
  status: deploymentStatus,
  logPath: text.meta({ description: 'The id of the deployment: it is no file. `/listen-deployment` follows the log, `deployment.readLogs` reads it.' }),
  applicationId: text,
  serverId: textOrNull,
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  errorMessage: textOrNull,
  rollbackId: textOrNull.meta({ description: 'What `rollback.rollback` takes: of those that have succeeded.' }),
  ...absent.shape,
  ...off.shape,
}).meta({ id: 'Deployment' });
export type DeploymentEntry = z.infer<typeof deploymentRow>;

export function toDeploymentEntry(row: DeploymentRow): DeploymentEntry {
  return {
    deploymentId: row.id,
    title: row.rollbackOf === null ? 'Manual deployment' : 'Rollback',
    description: row.image,
    status: toDeploymentStatus(row.status),
    logPath: row.id,
    applicationId: row.appId,
    serverId: row.serverId,
    createdAt: toTime(row.createdAt),
    startedAt: row.startedAt === null ? null : toTime(row.startedAt),
    finishedAt: row.finishedAt === null ? null : toTime(row.finishedAt),
    errorMessage: row.failure?.message ?? null,
    rollbackId: row.status === 'succeeded' ? row.id : null,
    ...absent.values,
    ...off.values,
  };
}
