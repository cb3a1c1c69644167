/** Dokploy's own MCP server, as released, and a client that speaks JSON-RPC with it over its standard input and output. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import type { ControlPlane } from './control-plane.ts';

/** What its tools answer, as text of JSON. */
export interface ToolReply<T = unknown> {
  success: boolean;
  message?: string;
  error?: string;
  details?: string;
  data?: T;
}

export interface Mcp {
  tools(): Promise<string[]>;
  call<T = unknown>(tool: string, input?: Record<string, unknown>): Promise<ToolReply<T>>;
  /** What it has logged. */
  log(): string;
  stop(): Promise<void>;
}

interface Message {
  id?: number;
  result?: unknown;
  error?: unknown;
}

const program = createRequire(import.meta.url).resolve('@dokploy/mcp');

export async function startMcp({ url, credentials }: ControlPlane, key = credentials.api_key): Promise<Mcp> {
  const child = spawn(process.execPath, [program], { cwd: tmpdir(), env: { DOKPLOY_URL: url, DOKPLOY_API_KEY: key }, stdio: 'pipe' });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const waiting = new Map<number, (message: Message) => void>();
  createInterface(child.stdout).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  const ended = once(child, 'close');

  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  let count = 0;
  async function ask<T>(method: string, params: object): Promise<T> {
    const id = ++count;
    const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
    send({ id, method, params });
    const gone = ended.then(() => {
      throw new Error(`${method}: it ended. ${log}`);
    });
    const { result, error } = await Promise.race([answered, gone]);
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result as T;
  }

  await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } });
  send({ method: 'notifications/initialized' });
  return {
    tools: async () => (await ask<{ tools: { name: string }[] }>('tools/list', {})).tools.map(({ name }) => name),
    call: async <T>(name: string, input: Record<string, unknown> = {}) => {
      const { content } = await ask<{ content: [{ text: string }] }>('tools/call', { name, arguments: input });
      const [{ text }] = content;
      // Input that it does not let through it answers with a sentence.
      return text.startsWith('{') ? (JSON.parse(text) as ToolReply<T>) : { success: false, error: text };
    },
    log: () => log,
    stop: async () => {
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
}
