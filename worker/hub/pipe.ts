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
