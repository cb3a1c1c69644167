/** The few things the launcher asks of the engine itself, without loading a Docker client: a start has to be quick. */
import { request } from 'node:http';
import { labels } from '../../shared/names.ts';

interface ContainerSummary {
  Labels: Record<string, string>;
}

/** Whether the proxy of this server runs already, so that the port it holds is no obstacle. */
export async function isProxyRunning(socket: string, serverId: string): Promise<boolean> {
  const filters = JSON.stringify({ label: [`${labels.server}=${serverId}`, `${labels.role}=proxy`], status: ['running'] });
  const reply = await getJson(socket, `/containers/json?filters=${encodeURIComponent(filters)}`);
  // The shape is the engine's; only whether there is one is looked at.
  return (reply as ContainerSummary[]).length > 0;
}

function getJson(socket: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`ask engine for ${path}: ${response.statusCode} ${text}`))));
    });
    call.on('error', reject);
    call.end();
  });
}
