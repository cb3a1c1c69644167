/** Control messages of a client of `exec` that asked for the subprotocol `dockup.exec.v1` (docs/decisions/exec-wire.md). */
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { resize } from '../../shared/protocol/messages.ts';

const control = z.discriminatedUnion('type', [resize.omit({ stream: true }), z.strictObject({ type: z.literal('eof') })]);

/** @throws AppError invalid_value */
export function readControl(text: string): z.infer<typeof control> {
  const parsed = control.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_value', { detail: 'With dockup.exec.v1 a text message is {"type":"resize","cols":…,"rows":…} or {"type":"eof"}; input is binary.' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told by the schema.
    return undefined;
  }
}
