/** The doors of streams: how a socket is opened where no header can be set, and what may be asked of a terminal. */
import { z } from 'zod';
import { timestamp } from './common.ts';
import { logStreamQuery } from './logs.ts';

export const ticketActions = ['logs', 'exec', 'stats'] as const;

/** A program as it is, or a list of arguments; no shell looks at either. */
const argument = z.string().min(1).max(4096);
const command = z.union([argument.regex(/^\S+$/, 'is one program without spaces; give each argument a cmd of its own: ?cmd=ls&cmd=-l'), z.array(argument).min(1).max(64)]);

/** How a client says who it is when it cannot set `Authorization`, in this order. */
const identity = {
  ticket: z.string().max(200).optional().meta({ description: 'A single-use ticket of `POST /api/v1/ws-tickets`, for this app, this action and, with `exec`, this command.', example: 'dkt_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978' }),
  token: z.string().max(4096).optional().meta({ description: 'An API key or a session token. Prefer a ticket: addresses end up in logs. Hosts may refuse it (`url_token_disabled`).', example: 'dkp_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978' }),
};

export const logSocketQuery = logStreamQuery.extend(identity);
export const statsSocketQuery = z.strictObject(identity);

const size = (what: string, usual: number) => z.coerce.number().int().min(1).max(1000).default(usual).meta({ description: `${what} of the terminal.`, example: usual });

export const execSocketQuery = z.strictObject({
  cmd: command.default('/bin/sh').meta({
    description: 'The program to run. With arguments, repeat the parameter once for each: `cmd=ls&cmd=-la`. A single value is the program itself and holds no spaces.',
    example: '/bin/sh',
  }),
  cols: size('Columns', 80),
  rows: size('Rows', 24),
  idle_timeout: z.coerce.number().int().min(1).max(86_400).default(900).meta({ description: 'Seconds without a byte in either direction after which the command is ended.', example: 900 }),
  ...identity,
});

export const createTicket = z
  .strictObject({
    app: z.string().min(1).max(100).meta({ description: 'Id or slug of the app.', example: 'my-app' }),
    action: z.enum(ticketActions).meta({ description: 'The one stream it opens.', example: 'exec' }),
    cmd: command.optional().meta({ description: 'With `exec`: the one command it starts, /bin/sh when nothing is said.', example: ['/bin/sh'] }),
  })
  .meta({ id: 'CreateTicket', description: 'What a ticket is for.' });
export type CreateTicket = z.infer<typeof createTicket>;

export const ticket = z
  .strictObject({
    ticket: z.string().meta({ description: 'Goes into the address as `?ticket=`, once.', example: 'dkt_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978' }),
    expires_at: timestamp('Until when it opens its stream.'),
  })
  .meta({ id: 'Ticket', description: 'Opens one stream, once, within 30 seconds.' });

/** The arguments of a command as it was asked for. */
export function toArguments(command: string | string[] = '/bin/sh'): string[] {
  return typeof command === 'string' ? [command] : command;
}
