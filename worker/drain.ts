/** Bodies that nobody wants, on both hosts as web streams. */

/** ms for which a client may go on sending. */
const patience = 10_000;

/**
 * Reads the rest of a body away, so that its sender gets to the reply: workerd closes the connection of a request that was not read to its end, and the reset
 * overtakes the reply (tried: curl then reports `Connection reset by peer` in place of the 4xx).
 */
export async function drain({ body, bodyUsed }: Pick<Request, 'body' | 'bodyUsed'>): Promise<void> {
  if (body === null || bodyUsed || body.locked) return;
  await readAway(body);
}

/** Also where its beginning has been read. */
export async function readAway(body: ReadableStream<Uint8Array>): Promise<void> {
  // A sender that breaks off has been told enough.
  await body.pipeTo(new WritableStream(), { signal: AbortSignal.timeout(patience) }).catch(() => undefined);
}
