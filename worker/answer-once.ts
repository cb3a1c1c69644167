/**
 * `Idempotency-Key` on requests that create or act, by draft-ietf-httpapi-idempotency-key-header: the same request with the same key gets the reply of the first one, and nothing is
 * done again. Without the header nothing happens here.
 */
import type { Context as HonoContext } from 'hono';
import { AppError } from '../shared/errors.ts';
import { sha256 } from './auth/bytes.ts';
import { drain } from './drain.ts';
import { problemType, toAppError, toProblem } from './problem.ts';
import type { BaseEnv } from './route.ts';
import type { Actor } from './services/actor.ts';
import { claimKey, mayHaveActed, type KeptReply } from './services/idempotency-keys.ts';

type Context = HonoContext<{ Variables: BaseEnv['Variables'] & { actor: Actor } }>;
type Handler = (c: Context) => Response | Promise<Response>;

/**
 * Around the handler, so that access and shape of a request are checked before: what is refused there leaves no trace.
 * @param hasBody whether the body is read as a whole before it is acted on; one that is passed on as it comes cannot be compared
 */
export function answerOnce(handler: Handler, { hasBody }: { hasBody: boolean }): Handler {
  return async (c) => {
    const header = c.req.header('idempotency-key');
    if (header === undefined) return handler(c);
    const claimed = await claimKey(c.get('ctx'), c.get('actor'), { key: readKey(header), fingerprint: await fingerprintOf(c, hasBody) });
    if ('reply' in claimed) return replay(c, claimed.reply);
    const { claim } = claimed;
    c.set('fixedId', claim.fixedId);
    const { response, error } = await attempt(handler, c);
    if (response !== undefined) await claim.settle(toKept(response.clone()));
    else if (mayHaveActed(error)) await claim.settle(toKeptProblem(c, error));
    else await claim.release();
    if (response === undefined) throw error;
    // What an earlier attempt has done already needed no body. Of refusals the hosts read it away.
    if (!hasBody) await drain(c.req.raw);
    return response;
  };
}

/** A string of a structured field as the draft wants it, `"8e03978e-…"`, or the same without quotes, as most clients send it. @throws AppError idempotency_key_invalid */
export function readKey(header: string): string {
  const [, quoted, bare] = /^(?:"((?:[ !#-[\]-~]|\\["\\])+)"|([!#-+\--[\]-~]+))$/.exec(header) ?? [];
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? bare;
  if (key === undefined || key.length > 255) throw new AppError('idempotency_key_invalid', { detail: '`Idempotency-Key` is 1 to 255 characters of ASCII, such as a UUID; in quotes it may hold spaces, commas and quotes.' });
  return key;
}

/** What tells of a body before it has come. */
const describing = ['content-type', 'content-length', 'content-digest', 'repr-digest', 'upload-length', 'upload-defer-length', 'upload-metadata'];

async function fingerprintOf(c: Context, hasBody: boolean): Promise<string> {
  const described = describing.map((name) => c.req.header(name) ?? '').map((value) => (value === '0' ? '' : value));
  const content = hasBody ? await c.req.text() : described;
  return sha256(JSON.stringify([c.req.method, c.req.path, new URL(c.req.url).search, content]));
}

type Outcome = { response: Response; error?: undefined } | { response?: undefined; error: AppError };

async function attempt(handler: Handler, c: Context): Promise<Outcome> {
  try {
    return { response: await handler(c) };
  } catch (error) {
    return { error: toAppError(error) };
  }
}

/** What belongs to the reply itself; the others are made anew for every request. */
const keptHeaders = ['content-type', 'location', 'retry-after', 'upload-offset', 'upload-expires'];

async function toKept(response: Response): Promise<KeptReply> {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => keptHeaders.includes(name)));
  return { status: response.status, headers, body: await response.text() };
}

function toKeptProblem(c: Context, error: AppError): KeptReply {
  const { publicUrl } = c.get('ctx').config;
  const retry: Record<string, string> = error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) };
  return { status: error.status, headers: { 'content-type': problemType, ...retry }, body: JSON.stringify(toProblem(error, { publicUrl, requestId: c.get('requestId') })) };
}

async function replay(c: Context, { status, headers, body }: KeptReply): Promise<Response> {
  c.header('Idempotency-Replayed', 'true');
  if (body === null) {
    throw new AppError('idempotency_reply_not_kept', { detail: `It has been carried out and answered with ${status}. Nothing was done again.`, extra: { original_status: status } });
  }
  // A client that still sends its archive would not get to the reply.
  await drain(c.req.raw);
  // Whatever was answered with before.
  return c.newResponse(body === '' ? null : body, status as 200, headers);
}
