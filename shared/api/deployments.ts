import { z } from 'zod';
import { deploymentFailure } from '../protocol/events.ts';
import { deployStrategies } from '../protocol/spec.ts';
import { deploymentPhases, deploymentStatuses } from '../status.ts';
import { idOf, pageOf, timestamp } from './common.ts';

/** What keeps a queued deployment waiting. */
export const waitReasons = ['turn', 'server'] as const;
export type WaitReason = (typeof waitReasons)[number];

export const deployment = z
  .strictObject({
    id: idOf('deployment', 'Id of the deployment.'),
    app_id: idOf('app', 'The app.'),
    server_id: idOf('server', 'The server that performs it.'),
    status: z.enum(deploymentStatuses).meta({ description: '`queued` and `running` go on; the others are final.', example: 'running' }),
    phase: z.enum(deploymentPhases).meta({ description: 'How far it has come.', example: 'health' }),
    position: z.int().nullable().meta({ description: 'While queued: 1 is next.', example: null }),
    waiting_for: z.enum(waitReasons).nullable().meta({ description: 'What it waits for: its `turn`, behind other deployments of the app, or its `server`, whose executor is offline.', example: null }),
    expires_at: timestamp('While it waits: it is not started after this, and fails then (`deadline_exceeded`).').nullable(),
    image: z.string().meta({ description: 'The image asked for.', example: 'nginx:alpine' }),
    image_id: z.string().nullable().meta({ description: 'The image that runs, once known.', example: 'sha256:2c5f…' }),
    strategy: z.enum(deployStrategies).meta({ description: '`start-first`: the new container serves before the old one ends. `stop-first`, for apps with volumes or published ports: the old one is stopped first, and started again if the new one fails.', example: 'start-first' }),
    rollback_of: idOf('deployment', 'The deployment whose image it brings back; null unless it is a rollback.').nullable(),
    actor: z.string().meta({ description: 'Who asked for it.', example: 'usr_1k3m8v0qz9x4c7b2n5h6t0' }),
    failure: deploymentFailure
      .nullable()
      .meta({ id: 'DeploymentFailure', description: 'Why it failed: code, phase, exit code, out of memory, the last probe, the last 50 log lines.' }),
    created_at: timestamp('When it was asked for.'),
    started_at: timestamp('When it left the queue. It takes the settings and the environment that the app has when its server gets it.').nullable(),
    finished_at: timestamp('When it ended.').nullable(),
  })
  .meta({ id: 'Deployment', description: 'One attempt to bring a version of an app into service.' });
export type Deployment = z.infer<typeof deployment>;
export const deploymentPage = pageOf(deployment, 'DeploymentPage');

export const deployQuery = z.strictObject({
  wait: z.coerce.number().int().min(0).max(600).optional().meta({ description: 'Answer when the deployment has ended, after so many seconds at the latest. `Prefer: wait=` is the same.', example: 60 }),
  queue: z.enum(['true', 'false']).default('false').meta({ description: '`true`: when the executor is offline, keep the deployment until it is back (24 hours at most).', example: 'false' }),
});

export const archiveQuery = deployQuery
  .extend({
    image: z.string().min(1).max(512).optional().meta({ description: 'Which image of an archive is meant: one of its tags. Needed where the archive holds several.', example: 'myapp:v1' }),
    upload: z.string().regex(/^[0-9a-f]{32}$/, 'is not the id of an upload').optional().meta({ description: 'Deploy the image of a finished resumable upload.', example: '9b1f0c6d5e7a4c2f8d3b6a1e0f9c8b7d' }),
  })
  .strict();
export type ArchiveQuery = z.infer<typeof archiveQuery>;

export const rollbackBody = z
  .strictObject({ deployment_id: idOf('deployment', 'The deployment whose image to bring back; the last one that succeeded before the current, when left out.').optional() })
  .meta({ id: 'Rollback' });
