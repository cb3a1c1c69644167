/** One question to a socket of HAProxy. */
import { type FileHandle, open } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { AppError } from '../../shared/errors.ts';

const answerTimeout = 5_000;

/** One line out and everything back until HAProxy hangs up. The master's socket does so only after we have. */
export async function exchange(socketPath: string, line: string): Promise<string> {
  const short = await shorten(socketPath);
  try {
    return await talk(short.path, line);
  } catch (error) {
    throw new AppError('proxy_unavailable', { detail: `reach HAProxy at ${socketPath}: ${error instanceof Error ? error.message : String(error)}`, cause: error });
  } finally {
    await short.directory?.close();
  }
}

function talk(path: string, line: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(path, () => socket.end(`${line}\n`));
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(answerTimeout, () => socket.destroy(new Error(`no answer within ${answerTimeout / 1000} s`)));
  socket.on('data', (part: string) => (text += part));
  socket.on('end', () => resolve(text));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('it hung up')));
  return promise;
}

/** The kernel takes 107 bytes of socket path. A longer one is reached through its open directory. */
async function shorten(path: string): Promise<{ path: string; directory?: FileHandle }> {
  if (Buffer.byteLength(path) <= 107) return { path };
  const directory = await open(dirname(path), 'r');
  return { path: `/proc/self/fd/${directory.fd}/${basename(path)}`, directory };
}
