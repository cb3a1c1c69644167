import { z } from 'zod';
import { engineInfo } from '../protocol/messages.ts';
import { diskLevels, serverStatuses } from '../status.ts';
import { idOf, pageOf, timestamp } from './common.ts';

const bytes = (description: string, example: number) => z.number().nonnegative().meta({ description, example });

export const disk = z
  .strictObject({
    path: z.string().meta({ description: 'What it holds: the folder of the engine, or that of the executor where it is on a disk of its own.', example: '/var/lib/docker' }),
    total: bytes('Bytes that can be used, as `df` counts them.', 85_899_345_920),
    free: bytes('Bytes that are left, to the nearest hundredth of the disk.', 15_032_385_536),
    used_percent: z.number().min(0).max(100).meta({ description: 'Share in use.', example: 82.5 }),
    level: z.enum(diskLevels).meta({ description: '`warning` from 80 % on; `critical` from 85 % on, when images that neither a container nor a rollback needs are removed. Pulls and uploads are refused with `insufficient_storage` where less than a tenth would stay free.', example: 'warning' }),
  })
  .meta({ id: 'Disk', description: 'A disk of a server.' });

export type Disk = z.infer<typeof disk>;

const serverFields = {
  id: idOf('server', 'Id of the server.'),
  name: z.string().trim().min(1).max(100).meta({ description: 'Name for people.', example: 'local' }),
  status: z.enum(serverStatuses).meta({ description: '`pending` until its executor has enrolled.', example: 'online' }),
  status_reason: z.string().nullable().meta({ description: 'Why, where there is something to say.', example: null }),
  status_since: timestamp('When the status last changed.'),
  executor_version: z.string().nullable().meta({ description: 'Release of its executor.', example: '0.1.0' }),
  engine: engineInfo.nullable().meta({ description: 'Its Docker engine.', example: { version: '28.5.2', api_version: '1.51', os: 'linux', arch: 'amd64', cpus: 4, memory: 8_326_098_944 } }),
  disks: z.array(disk).meta({ description: 'Its disks, as its executor last told; empty before it has.' }),
  created_at: timestamp('When it was registered.'),
};

export const server = z.strictObject(serverFields).meta({ id: 'Server', description: 'A machine with a Docker engine and an executor.' });
export type Server = z.infer<typeof server>;
export const serverPage = pageOf(server, 'ServerPage');

export const createServer = z.strictObject({ name: serverFields.name }).meta({ id: 'CreateServer' });

export const createdServer = z
  .strictObject({
    ...serverFields,
    enrolment_token: z.string().meta({ description: 'Works once, for 15 minutes.', example: 'dke_8c1d…' }),
    enrolment_expires_at: timestamp('When the token stops working.'),
    command: z.string().meta({ description: 'Starts an executor on the other machine, in a clone of Dockup.', example: 'DOCKUP_API_URL=https://dockup.example DOCKUP_ENROLMENT_TOKEN=dke_… npm run executor' }),
  })
  .meta({ id: 'CreatedServer', description: 'A registered server, with what its executor needs to enrol.' });
