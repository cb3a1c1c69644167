import { z } from 'zod';
import { volumeName } from '../../shared/api/volumes.ts';
import { AppError } from '../../shared/errors.ts';

const example = (prefix: string) => `${prefix}_1k3m8v0qz9x4c7b2n5h6t0`;

export const projectParams = z.object({ projectId: z.string().meta({ description: 'Id of the project.', example: example('prj') }) });
export const environmentParams = z.object({ environmentId: z.string().meta({ description: 'Id of the environment.', example: example('env') }) });
export const appParams = z.object({ appId: z.string().meta({ description: 'Id or slug of the app.', example: 'my-app' }) });
export const slugParams = z.object({ slug: z.string().meta({ description: 'Slug or id of the app.', example: 'my-app' }) });
export const deploymentParams = z.object({ deploymentId: z.string().meta({ description: 'Id of the deployment.', example: example('dep') }) });
export const serverParams = z.object({ serverId: z.string().meta({ description: 'Id of the server.', example: example('srv') }) });
export const userParams = z.object({ userId: z.string().meta({ description: 'Id of the user.', example: example('usr') }) });
export const invitationParams = z.object({ invitationId: z.string().meta({ description: 'Id of the invitation.', example: example('inv') }) });
export const tagParams = z.object({ tagId: z.string().meta({ description: 'Id of the tag.', example: example('tag') }) });
export const teamParams = z.object({ teamId: z.string().meta({ description: 'Id of the team.', example: example('team') }) });
export const holderParam = { holderId: z.string().meta({ description: 'Id of the user or of the team.', example: example('usr') }) };
export const sessionParams = z.object({ sessionId: z.string().meta({ description: 'Id of the session.', example: example('ses') }) });
export const keyParams = z.object({ keyId: z.string().meta({ description: 'Id of the API key.', example: example('key') }) });
export const transferParams = z.object({ transferId: z.string().meta({ description: 'The transfer that a call names.', example: '5f0c…' }) });
export const uploadParams = z.object({
  ...appParams.shape,
  uploadId: z.string().regex(/^[0-9a-f]{32}$/).meta({ description: 'Id of the upload: the end of its `Location`.', example: '9b1f0c6d5e7a4c2f8d3b6a1e0f9c8b7d' }),
});

export const volumeParams = z.object({ ...appParams.shape, volume: volumeName.meta({ description: 'Name of the volume.', example: 'data' }) });

/** What an executor proves itself with on its routes. @throws AppError unauthenticated */
export function readExecutorToken(authorization: string | undefined): string {
  const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new AppError('unauthenticated', { detail: 'Send the connect token as `Authorization: Bearer`.' });
  return token;
}
