import { z } from 'zod';

const example = (prefix: string) => `${prefix}_1k3m8v0qz9x4c7b2n5h6t0`;

export const projectParams = z.object({ projectId: z.string().meta({ description: 'Id of the project.', example: example('prj') }) });
export const appParams = z.object({ appId: z.string().meta({ description: 'Id or slug of the app.', example: 'my-app' }) });
export const slugParams = z.object({ slug: z.string().meta({ description: 'Slug or id of the app.', example: 'my-app' }) });
export const deploymentParams = z.object({ deploymentId: z.string().meta({ description: 'Id of the deployment.', example: example('dep') }) });
export const serverParams = z.object({ serverId: z.string().meta({ description: 'Id of the server.', example: example('srv') }) });
export const userParams = z.object({ userId: z.string().meta({ description: 'Id of the user.', example: example('usr') }) });
export const keyParams = z.object({ keyId: z.string().meta({ description: 'Id of the API key.', example: example('key') }) });
