import { transferLengthHeader } from '../../shared/protocol/transfers.ts';

/** Two ends of one stream of bytes: what is written into one is read from the other, and the writer waits for the reader. */
interface Pipe {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/**
 * workerd moves bytes through its own stream without running JavaScript, and only with it the one who uploads is told of the end (tried: handing the body of a
 * request straight to another request's response leaves the first without an end signal). Node has the standard stream alone.
 */
export function createPipe(): Pipe {
  const { IdentityTransformStream: Native } = globalThis as { IdentityTransformStream?: new () => Pipe };
  return Native === undefined ? new TransformStream<Uint8Array, Uint8Array>() : new Native();
}

/** A body that somebody wants to be rid of, and how many bytes it has, if that is known. */
export interface Upload {
  body: ReadableStream<Uint8Array>;
  length: number | null;
}

/** Makes a body that of the response to another request. `moved` resolves once the body is left alone: at its end, or after an abort. It never rejects. */
export type PassBody = (upload: Upload, request: Request, signal: AbortSignal) => { response: Response; moved: Promise<void> };

/** Between streams of the platform. */
export const passStream: PassBody = (upload, _request, signal) => {
  const { readable, writable } = createPipe();
  // The rest of a body that is not wanted belongs to the HTTP server, which reads it away: cancelled here, it would take the reply to its sender along.
  // One that breaks, or a reader that goes, is seen by the executor, whose answer to the call tells of it.
  const moved = upload.body.pipeTo(writable, { signal, preventCancel: true }).catch(() => undefined);
  return { response: new Response(readable, { headers: replyHeaders(upload) }), moved };
};

export function replyHeaders({ length }: Upload): Record<string, string> {
  return { 'content-type': 'application/octet-stream', ...(length !== null && { [transferLengthHeader]: String(length) }) };
}
