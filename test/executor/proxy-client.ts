/** Visitors of the proxy: one request, or a crowd that keeps its connections and counts what goes wrong. */
import { Agent, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Visit extends Pick<RequestOptions, 'agent' | 'method' | 'path' | 'headers' | 'localAddress'> {
  body?: string;
}

export async function visit(port: number, host: string, { body, headers, ...options }: Visit = {}): Promise<Answer> {
  const request = httpRequest({ host: '127.0.0.1', port, agent: false, ...options, headers: { host, ...headers } });
  request.end(body);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

export interface Load {
  /** Stop, and tell how it went: bodies with how often they came, and whatever was not a 200. */
  stop(): Promise<{ answers: Record<string, number>; failures: string[] }>;
}

/** About 200 requests a second over 10 kept connections, and 20 over new ones; every fifth is a POST, which nobody may send twice. */
export function startLoad(port: number, host: string): Load {
  const answers: Record<string, number> = {};
  const failures: string[] = [];
  let isRunning = true;

  const visitor = async (agent: Agent | false, pause: number) => {
    for (let i = 0; isRunning; i++) {
      const post = i % 5 === 4;
      try {
        const { status, body } = await visit(port, host, { agent, method: post ? 'POST' : 'GET', ...(post ? { body: 'x' } : {}) });
        if (status === 200) answers[body] = (answers[body] ?? 0) + 1;
        else failures.push(`${status} ${body.slice(0, 80)}`);
      } catch (error) {
        failures.push(String(error));
      }
      await sleep(pause);
    }
  };

  const agents = Array.from({ length: 10 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const visitors = Promise.all([...agents.map((agent) => visitor(agent, 50)), visitor(false, 50)]);
  return {
    async stop() {
      isRunning = false;
      await visitors;
      agents.forEach((agent) => agent.destroy());
      return { answers, failures };
    },
  };
}
