/**
 * Bulk bodies at the edge. The two requests that meet come in through Workers, and only within the one Durable Object may the body of one be the body of the
 * other's response (a Worker's streams belong to one request): both are handed to the object as requests, with what is asked in headers.
 */
import { AppError } from '../../shared/errors.ts';
import { transferLengthHeader } from '../../shared/protocol/transfers.ts';
import { toError, unwrap } from '../hub/calls.ts';
import type { Hub } from '../hub/hub.ts';
import type { CallOutcome, ExecutorClient, Refusal, TransferMethod, WithoutTransfer } from '../services/ports.ts';
import { readAway } from '../drain.ts';

/** What the object is asked for. Set on requests from the Worker alone: nobody else reaches the object. */
export const doorHeader = 'x-dockup-door';
const refusalHeader = 'x-dockup-refused';

type Door = 'upload' | 'download' | 'transfer';

interface Asked {
  door: Door;
  server: string;
  method?: TransferMethod;
  /** Parameters of a call, or the id of a transfer. */
  params: unknown;
}

/** The Worker's half. */
export function transferClient(objectOf: (serverId: string) => Fetcher): Pick<ExecutorClient, 'upload' | 'download' | 'transfer'> {
  const ask = (asked: Asked, init: RequestInit) =>
    objectOf(asked.server).fetch('https://hub/', { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), [doorHeader]: encodeURIComponent(JSON.stringify(asked)), 'x-dockup-server': asked.server } });
  return {
    upload: async <M extends TransferMethod>(server: string, method: M, params: WithoutTransfer<M>, body: ReadableStream<Uint8Array>, length: number | null = null) => {
      const reply = await ask({ door: 'upload', server, method, params }, { method: 'POST', body, headers: length === null ? {} : { [transferLengthHeader]: String(length) } });
      // The object has checked it against the method's schema.
      return unwrap<M>(await reply.json<CallOutcome<M>>());
    },
    download: async (server, method, params) => {
      const reply = await ask({ door: 'download', server, method, params }, { method: 'POST' });
      await throwIfRefused(reply);
      return reply.body ?? new ReadableStream();
    },
    transfer: async (server, transferId, request) => {
      // HTTP lets a GET have a body, of which nobody makes anything; a request that is made here must not have one.
      const reply = await ask({ door: 'transfer', server, params: transferId }, { method: request.method, body: request.method === 'GET' ? null : request.body });
      await throwIfRefused(reply);
      return reply;
    },
  };
}

/** The object's half. */
export async function answerAtDoor(hub: Hub, request: Request): Promise<Response> {
  // Written by the Worker's half above.
  const { door, method = 'upload', params } = JSON.parse(decodeURIComponent(request.headers.get(doorHeader) ?? '')) as Asked & { params: never };
  try {
    if (door === 'transfer') return await hub.transfer(params, request);
    if (door === 'upload') {
      const body = request.body ?? new Blob([]).stream();
      const outcome = await hub.upload(method, params, { body, length: readLength(request) });
      // Refusals of the protocol of resumable uploads are outcomes like others. Of a body that was wanted nothing is left.
      await readAway(body);
      return Response.json(outcome);
    }
    const download = await hub.download(method, params);
    return download.ok ? new Response(download.body) : refuse(download);
  } catch (error) {
    if (error instanceof AppError) return refuse({ ok: false, code: error.code, message: error.message });
    throw error;
  }
}

function readLength({ headers }: Request): number | null {
  const length = headers.get(transferLengthHeader);
  return length === null ? null : Number(length);
}

/** Error classes are lost on the way out of the object. */
function refuse(refusal: Refusal): Response {
  return Response.json(refusal, { headers: { [refusalHeader]: 'true' } });
}

async function throwIfRefused(reply: Response): Promise<void> {
  if (reply.headers.has(refusalHeader)) throw toError(await reply.json<Refusal>());
}
