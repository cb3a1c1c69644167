import { z } from 'zod';
import { volumePattern } from '../names.ts';
import { volume as volumeSetting } from './apps.ts';

export const volumeName = z.string().regex(volumePattern);

export const volume = z
  .strictObject({
    name: volumeName.meta({ description: 'Unique within the app.', example: 'data' }),
    mount_path: z.string().nullable().meta({ description: 'Where the app finds it, by its settings; null when they no longer name it.', example: '/var/lib/app' }),
    size: z.int().nonnegative().nullable().meta({ description: 'Bytes in use; null when unknown, or when it has not been made yet.', example: 52_428_800 }),
    mounted: z.boolean().meta({ description: 'Whether a container has it now, running or not.', example: true }),
  })
  .meta({ id: 'Volume', description: 'A persistent volume of an app. It is made by the first deployment that mounts it and kept until somebody deletes it by name.' });
export type Volume = z.infer<typeof volume>;

export const volumeList = z.strictObject({ data: z.array(volume).meta({ description: 'By name.' }) }).meta({ id: 'Volumes', description: 'The volumes of an app: those in its settings, and those its server still has.' });

export const addVolume = volumeSetting.meta({ id: 'AddVolume', description: 'One more volume for an app.' });
export type AddVolume = z.infer<typeof addVolume>;

export const addedVolume = z
  .strictObject({ ...volume.shape, message: z.string().meta({ description: 'What is left to do.', example: 'Mounted with the next deployment: POST /api/v1/apps/my-app/deploy.' }) })
  .meta({ id: 'AddedVolume', description: 'The volume as it is now in the settings.' });
