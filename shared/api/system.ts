import { z } from 'zod';

export const systemStatus = z
  .strictObject({
    name: z.literal('dockup').meta({ description: 'This host is Dockup.', example: 'dockup' }),
    status: z.literal('ok').meta({ description: 'The API answers and its database too.', example: 'ok' }),
    version: z.string().meta({ description: 'Release of the control plane.', example: '0.1.0' }),
    host: z.enum(['embedded', 'edge']).meta({ description: 'What the control plane runs on.', example: 'embedded' }),
    base_domain: z.string().meta({ description: 'Apps answer at `{slug}-app.{base_domain}`.', example: 'example.com' }),
    servers: z.strictObject({ online: z.int(), total: z.int() }).meta({ description: 'Executors connected, and registered.', example: { online: 1, total: 1 } }),
  })
  .meta({ id: 'SystemStatus', description: 'Public state of this host.' });
