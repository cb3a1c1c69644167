import { request, type Agent } from 'node:http';

export interface PlainReply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

interface PlainRequest {
  port: number;
  /** The `Host` header: `fetch` does not let it be chosen. */
  host: string;
  path?: string;
  agent?: Agent;
  headers?: Record<string, string>;
}

/** One GET to the loopback. Rejects when the connection breaks before the reply is whole. */
export function requestOnce({ port, host, path = '/', agent, headers }: PlainRequest): Promise<PlainReply> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, agent, headers: { ...headers, host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}
