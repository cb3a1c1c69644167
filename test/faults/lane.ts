/** One direction of a connection: what is sent in order arrives in order, unless a fault has it otherwise. */
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import { delayTime, type Effect } from './effects.ts';

interface Message {
  data: Buffer;
  isBinary: boolean;
  control?: 'ping' | 'pong';
}

interface LaneOptions {
  to: WebSocket;
  /** Shared by both directions. */
  state: { readonly isFrozen: boolean };
  freeze: () => void;
  break: () => void;
}

/** ms that a message which is to be overtaken waits for another one. */
const overtakeTime = 5_000;

export class Lane {
  readonly #options: LaneOptions;
  /** What waits behind a message that is late. */
  #late: (() => void)[] | null = null;
  #overtaken: Message | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  pass(message: Message, effect: Effect | 'break' | 'keep' | null): void {
    if (this.#options.state.isFrozen) return;
    if (this.#late !== null) return void this.#late.push(() => this.pass(message, effect));
    switch (effect) {
      case null:
        this.#send(message);
        return this.#release(message);
      case 'duplicate':
        this.#send(message);
        return this.#send(message);
      case 'delay':
        this.#late = [() => this.#send(message)];
        return void setTimeout(() => this.#catchUp(), delayTime);
      case 'reorder':
        this.#overtaken = message;
        return void setTimeout(() => this.#release(null), overtakeTime);
      case 'half-open':
        return this.#options.freeze();
      case 'truncate':
        return this.#send({ ...message, data: message.data.subarray(0, message.data.length / 2) });
      case 'break':
        return this.#breakWithin(message);
      case 'drop':
      case 'keep':
        return undefined;
    }
  }

  /** The sender has ended the connection. */
  end(code: number, reason: Buffer): void {
    const { to, state } = this.#options;
    if (state.isFrozen) return;
    if (this.#late !== null) return void this.#late.push(() => this.end(code, reason));
    // 1005 and 1006 stand for no code at all and are never sent.
    if (code === 1005) to.close();
    else if (code === 1006) to.terminate();
    else to.close(code, reason);
  }

  #send({ data, isBinary, control }: Message): void {
    const { to, state } = this.#options;
    if (state.isFrozen || to.readyState !== WebSocket.OPEN) return;
    if (control === undefined) to.send(data, { binary: isBinary });
    else to[control](data);
  }

  /** Only a message of the protocol overtakes; pings do not count. */
  #release(by: Message | null): void {
    const overtaken = this.#overtaken;
    if (overtaken === null || by?.control !== undefined) return;
    this.#overtaken = null;
    this.#send(overtaken);
  }

  #catchUp(): void {
    const late = this.#late ?? [];
    this.#late = null;
    for (const pass of late) pass();
  }

  /** The head says how long it is, and half of it comes. */
  #breakWithin({ data, isBinary }: Message): void {
    const { to } = this.#options;
    // `ws` has no public door to the connection beneath.
    const { _socket: socket } = to as unknown as { _socket: Socket };
    const parts: Buffer[] = [];
    const write = socket.write;
    socket.write = (part: Uint8Array | string) => parts.push(Buffer.from(part as Uint8Array)) > 0;
    to.send(data, { binary: isBinary });
    socket.write = write;
    const whole = Buffer.concat(parts);
    socket.write(whole.subarray(0, whole.length / 2), () => this.#options.break());
  }
}
