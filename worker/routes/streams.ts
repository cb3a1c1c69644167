/** Streams of an app: WebSockets, and where the stream is lines also server-sent events on the same address. */
import { createTicket, execSocketQuery, logSocketQuery, statsSocketQuery, ticket as ticketReply, toArguments } from '../../shared/api/sockets.ts';
import { toTimestamp } from '../../shared/api/common.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { eventStream, type Answers } from '../event-stream.ts';
import { lineEvents, toLogEvent, type ToEvent } from '../line-events.ts';
import { defineRoute, onUser, type BaseEnv } from '../route.ts';
import { recordTerminal } from '../services/exec.ts';
import { askForLogs } from '../services/logs.ts';
import type { StreamRequest } from '../services/ports.ts';
import { attachClient, openStream, type Opening } from '../services/streams.ts';
import { createTicket as giveTicket } from '../services/tickets.ts';
import { onAppSocket } from '../socket-access.ts';
import { executorErrors } from './executor-errors.ts';
import { appParams } from './params.ts';
import { body, json } from './replies.ts';

const onePath = '/api/v1/apps/{appId}';

const streamErrors: readonly ErrorCode[] = ['app_not_deployed', 'app_not_running', ...executorErrors, 'too_many_streams', 'slow_reader'];

const closeCodes = 'A refused or failed socket is closed with 4000 + the HTTP status of the error (4401, 4403, 4404, 4409, 4422, 4429, 4503 …) and `code: what happened` as the reason; one that ended as it should with 1000, one whose host restarts with 1012.';

const lineReplies = (messages: string, line: string) => ({
  101: { description: `WebSocket. ${messages} ${closeCodes}` },
  200: { description: `Without an upgrade, server-sent events: ${line} A failure after the first event is \`event: failure\` with \`code\` and \`detail\`.`, content: { 'text/event-stream': { schema: { type: 'string' as const, example: 'data: {}\n\n' } } } },
});

/** What `connect` needs of a handler's context. */
interface Asked extends Answers {
  var: BaseEnv['Variables'] & Pick<Opening, 'actor' | 'app'>;
  req: { raw: Request };
}
interface Ways {
  /** A stream of lines is there as server-sent events too. */
  toEvent?: ToEvent;
  /** Once nothing speaks against it. */
  beforeSocket?(): Promise<void>;
}

async function connect(c: Asked, request: StreamRequest, { toEvent, beforeSocket }: Ways): Promise<Response> {
  const { ctx, actor, app, socket, ticket } = c.var;
  const opening = { actor, app, ticket, request, beforeSocket };
  if (socket === 'wanted') return attachClient(ctx, c.req.raw, opening);
  if (toEvent === undefined) throw new AppError('upgrade_required', { detail: 'Connect with a WebSocket client.' });
  return eventStream(c, lineEvents(await openStream(ctx, opening), toEvent));
}

export const streamRoutes = [
  defineRoute(
    onAppSocket,
    [...streamErrors, 'deployment_not_found'],
    {
      method: 'get',
      path: `${onePath}/logs/stream`,
      operationId: 'streamAppLogs',
      summary: 'Follow the log (WebSocket or server-sent events)',
      tags: ['Logs and events'],
      request: { params: appParams, query: logSocketQuery },
      responses: lineReplies(
        'Each text message holds one or more lines of JSON: log lines as in `GET /logs`, or `{"dropped":n}` where `n` lines are left out because the reader, or the server that the app runs on, could not keep up.',
        'one log line each with its cursor as the id, so that `Last-Event-ID` resumes without gap or duplicate; `event: dropped` where lines are left out because the reader, or the server that the app runs on, could not keep up.',
      ),
    },
    async (c) => {
      const { ctx, app } = c.var;
      const query = c.req.valid('query');
      const last = c.req.header('last-event-id');
      const resumed = last === undefined ? query : { ...query, since: last, tail: undefined };
      return connect(c, await askForLogs(ctx, app, resumed), { toEvent: toLogEvent });
    },
  ),
  defineRoute(
    onAppSocket,
    [...streamErrors],
    {
      method: 'get',
      path: `${onePath}/stats/stream`,
      operationId: 'streamAppStats',
      summary: 'Follow what an app uses, once a second (WebSocket or server-sent events)',
      tags: ['Apps'],
      request: { params: appParams, query: statsSocketQuery },
      responses: lineReplies('Each text message is one sample as in `GET /stats`.', 'one sample each.'),
    },
    async (c) => {
      const { id } = c.get('app');
      return connect(c, { kind: 'stats', app: id, params: { app: id } }, { toEvent: (line) => ({ data: line }) });
    },
  ),
  defineRoute(
    onAppSocket,
    [...streamErrors, 'exec_failed', 'exec_disabled', 'policy_refused', 'upgrade_required'],
    {
      method: 'get',
      path: `${onePath}/exec`,
      operationId: 'openTerminal',
      summary: 'Run a command on a terminal in the container (WebSocket)',
      tags: ['Apps'],
      request: { params: appParams, query: execSocketQuery },
      responses: {
        101: {
          description: `WebSocket. Output comes as binary messages; at the end the text message \`{"type":"exit","exit_code":0}\`. Input: binary and text messages alike. With the subprotocol \`dockup.exec.v1\` input is binary, and text messages are \`{"type":"resize","cols":120,"rows":40}\` or \`{"type":"eof"}\`. The command is ended when the socket is. ${closeCodes}`,
        },
      },
    },
    async (c) => {
      const { ctx, actor, app } = c.var;
      const { cmd: asked, cols, rows, idle_timeout } = c.req.valid('query');
      const cmd = toArguments(asked);
      const beforeSocket = async () => {
        await recordTerminal(ctx, actor, app, cmd);
        await c.var.auditNow?.();
      };
      return connect(c, { kind: 'exec', app: app.id, params: { app: app.id, cmd, cols, rows, idle_timeout } }, { beforeSocket });
    },
  ),
  defineRoute(
    onUser,
    ['app_not_found'],
    {
      method: 'post',
      path: '/api/v1/ws-tickets',
      operationId: 'createTicket',
      summary: 'Get a single-use ticket for a WebSocket',
      description: 'For clients that cannot set headers, such as browsers: good for 30 seconds, once, for one app, one action and one command.',
      'x-no-idempotency-key': 'A ticket works once, within 30 seconds: ask for another one.',
      tags: ['Auth'],
      request: { body: body(createTicket) },
      responses: { 201: json(ticketReply, 'The ticket. It is not shown again.') },
    },
    async (c) => {
      const { ticket, expiresAt } = await giveTicket(c.get('ctx'), c.get('actor'), c.req.valid('json'));
      return c.json({ ticket, expires_at: toTimestamp(expiresAt) }, 201);
    },
  ),
];
