/** What an executor says in hello that it can do. The hub asks one for nothing it has not named (REL-22). */
import { methods } from './calls.ts';
import { streamKinds, type StreamKind } from './streams.ts';

export function streamCapability(kind: StreamKind): string {
  return `stream:${kind}`;
}

/** A stream of logs ends when its input does, with all that was written until then. */
export const logEndCapability = 'stream:logs:end';

/** All that this build has. */
export const allCapabilities: string[] = [...methods, ...(Object.keys(streamKinds) as StreamKind[]).map(streamCapability), logEndCapability];
