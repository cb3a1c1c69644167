/** Bytes from one stream of Node (or of a package that looks like it) to another, for bulk bodies: few steps per chunk, and little memory. */

interface Emitter {
  on(event: string, listener: (chunk: Uint8Array) => void): unknown;
  off(event: string, listener: (chunk: Uint8Array) => void): unknown;
  readonly destroyed: boolean;
}

interface Source extends Emitter {
  pause(): unknown;
  resume(): unknown;
}

interface Target extends Emitter {
  /** Bytes that have not left the process. */
  readonly writableLength: number;
  write(chunk: Uint8Array, written: (error?: Error | null) => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

interface Signal {
  readonly aborted: boolean;
  addEventListener(event: 'abort', listener: () => void): void;
  removeEventListener(event: 'abort', listener: () => void): void;
}

/** Bytes under way at most. Half of them go out in one write of the system while the other half comes in. */
const window = 1024 * 1024;

/**
 * Resolves once `from` is left alone: at its end, or when the signal, an error or the other end's going has broken it off. `to` is destroyed then, `from` is
 * not: the rest of it is its owner's. Chunks must not be read by anybody else.
 */
export function moveBytes(from: Source, to: Target, signal: Signal): Promise<void> {
  return new Promise((resolve) => {
    let isOver = false;
    const leave = () => {
      isOver = true;
      from.off('data', pass);
      for (const event of ['close', 'error']) from.off(event, breakOff);
      from.off('end', finish);
      for (const event of ['close', 'error']) to.off(event, breakOff);
      signal.removeEventListener('abort', breakOff);
      resolve();
    };
    const pass = (chunk: Uint8Array) => {
      to.write(chunk, (error) => {
        if (error == null) giveBack(chunk);
        if (!isOver && to.writableLength <= window / 2) from.resume();
      });
      if (to.writableLength > window) from.pause();
    };
    const finish = () => {
      leave();
      to.end();
    };
    const breakOff = () => {
      from.pause();
      leave();
      to.on('error', () => undefined);
      to.destroy();
    };
    for (const event of ['close', 'error']) from.on(event, breakOff);
    from.on('end', finish);
    for (const event of ['close', 'error']) to.on(event, breakOff);
    signal.addEventListener('abort', breakOff);
    if (signal.aborted || from.destroyed || to.destroyed) breakOff();
    else from.on('data', pass);
  });
}

/** Bytes below which a chunk weighs nothing. tar-stream, whose small ones are constants, must never lose one. */
const heavy = 16 * 1024;

/**
 * Frees the memory of a chunk that has left the process, where the chunk is all of its buffer: the collector lets 64 MB of them come together before it looks,
 * which is what an upload made the process grow by, and what it spent a fifth of its time on.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= heavy && buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === byteLength) buffer.transfer(0);
}
