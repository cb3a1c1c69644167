import { z } from 'zod';
import { engineInfo } from '../protocol/messages.ts';
import { serverStatuses } from '../status.ts';
import { idOf, pageOf, timestamp } from './common.ts';

const serverFields = {
  id: idOf('server', 'Id of the server.'),
  name: z.string().trim().min(1).max(100).meta({ description: 'Name for people.', example: 'local' }),
  status: z.enum(serverStatuses).meta({ description: '`pending` until its executor has enrolled.', example: 'online' }),
  status_reason: z.string().nullable().meta({ description: 'Why, where there is something to say.', example: null }),
  status_since: timestamp('When the status last changed.'),
  executor_version: z.string().nullable().meta({ description: 'Release of its executor.', example: '0.1.0' }),
  engine: engineInfo.nullable().meta({ description: 'Its Docker engine.', example: { version: '28.5.2', api_version: '1.51', os: 'linux', arch: 'amd64', cpus: 4, memory: 8_326_098_944 } }),
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
