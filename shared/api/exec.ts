/** A command in an app's container, asked for and answered in one request. */
import { z } from 'zod';
import { limits } from '../protocol/limits.ts';

export const execCommand = z
  .strictObject({
    cmd: z.array(z.string().max(65_536)).min(1).max(256).meta({ description: 'The program and its arguments, as they are: no shell reads them. For a shell: `["sh", "-c", "…"]`.', example: ['cat', '/etc/hostname'] }),
    timeout: z.int().min(1).max(3600).default(60).meta({ description: 'Seconds the command may run; then it is killed, and the request is answered with `deadline_exceeded` and, beside the members of every problem document, `stdout`, `stderr` and `truncated`.', example: 60 }),
    stdin: z.string().max(1024 * 1024).optional().meta({ description: 'What the command reads from its standard input, 1,048,576 characters at most. Without it there is none.', example: 'select 1;\n' }),
  })
  .meta({ id: 'ExecCommand', description: 'A command to run in the container of an app, as the user of the container.' });
export type ExecCommand = z.infer<typeof execCommand>;

export const execResult = z
  .strictObject({
    exit_code: z.int().meta({ description: 'Exactly as the command ended: 0 is success, 128 + n that signal n killed it.', example: 0 }),
    stdout: z.string().meta({ description: `Standard output, the last ${limits.execOutput} bytes. What is not UTF-8 becomes U+FFFD.`, example: '4f1d2c3b5a69\n' }),
    stderr: z.string().meta({ description: 'Standard error, the same.', example: '' }),
    truncated: z.boolean().meta({ description: 'Whether one of the two was longer; its end is what is here.', example: false }),
  })
  .meta({ id: 'ExecResult', description: 'How the command ended.' });
export type ExecResult = z.infer<typeof execResult>;
