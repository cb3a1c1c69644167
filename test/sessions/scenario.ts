/**
 * What clients do in a session of the link, step by step. The same steps are done when it is recorded with a real executor and when the recording is played:
 * each tells what its client has seen.
 */
import { deployment, type Deployment } from '../../shared/api/deployments.ts';
import { logPage } from '../../shared/api/logs.ts';
import type { Api } from '../support/api.ts';
import { openSocket, type SocketClient } from '../support/socket-client.ts';

export interface Stage {
  api: Pick<Api, 'request' | 'expect' | 'createProject' | 'createApp'>;
  /** Of the API, without a trailing slash. */
  url: string;
  token: string;
  serverId: string;
  image: string;
  /** Of the app that all steps are about. */
  slug: string;
  /** Resolves when the hub has next sent the executor a call of this method. */
  nextCall(method: string): Promise<void>;
}

export interface Step {
  name: string;
  /** Whether the host has to hear when a client goes. */
  hearsLeaving?: true;
  run(stage: Stage): Promise<unknown>;
}

export const steps: readonly Step[] = [
  { name: 'a deployment that goes well', run: deployFirst },
  { name: 'the last lines of the log', run: async ({ api, slug }) => (await api.expect(200, logPage, api.request('GET', `/api/v1/apps/${slug}/logs?tail=100`))).data.map(({ text }) => text) },
  { name: 'a log that is followed', run: followLog },
  { name: 'a terminal', run: useTerminal },
  { name: 'a command', run: ({ api, slug }) => statusAndBody(api.request('POST', `/api/v1/apps/${slug}/exec`, { body: { cmd: ['sh', '-c', 'cat; exit 4'], stdin: 'in and out' } })) },
  { name: 'a command that nobody waits for', hearsLeaving: true, run: abandonCommand },
  { name: 'statistics', run: async ({ api, slug }) => (await api.request('GET', `/api/v1/apps/${slug}/stats`)).status },
  { name: 'statistics that are followed', run: followStatistics },
  { name: 'limits', run: async ({ api, slug }) => (await api.request('PUT', `/api/v1/apps/${slug}`, { body: { memory_limit: 128, cpu_limit: 0.5 } })).status },
  { name: 'restart, stop, start', run: act },
  { name: 'a deployment that fails', run: failToDeploy },
  { name: 'a deployment that is cancelled', run: cancelDeployment },
  { name: 'the end of the app', run: async ({ api, slug }) => (await api.request('DELETE', `/api/v1/apps/${slug}`)).status },
];

async function deployFirst({ api, serverId, image, slug }: Stage): Promise<unknown> {
  const project = await api.createProject('Recorded');
  await api.createApp(project.id, { name: 'recorded', slug, image, internal_port: 80, env: { VERSION: 'one' }, drain_timeout: 0, stop_timeout: 1, server_id: serverId, pull_policy: 'never', restart_policy: 'no' });
  return outcomeOf(await api.expect(200, deployment, api.request('POST', `/api/v1/deploy/${slug}?wait=60`)));
}

async function followLog(stage: Stage): Promise<unknown> {
  const client = await open(stage, '/logs/stream');
  await sees(client, 'listening');
  await client.close();
  return client.text().includes('version one starts');
}

async function useTerminal(stage: Stage): Promise<unknown> {
  const client = await open(stage, '/exec?cmd=/bin/sh&cols=80&rows=24', ['dockup.exec.v1']);
  client.send(Buffer.from('echo $((6*7))\n'));
  await sees(client, '42');
  client.send('{"type":"resize","cols":120,"rows":40}');
  client.send(Buffer.from('exit 3\n'));
  const { code } = await client.closed;
  return { code, last: client.messages.at(-1) };
}

async function abandonCommand({ url, token, slug, nextCall }: Stage): Promise<unknown> {
  const leaving = new AbortController();
  const asked = nextCall('exec');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const reply = fetch(`${url}/api/v1/apps/${slug}/exec`, { method: 'POST', headers, body: JSON.stringify({ cmd: ['sleep', '30'] }), signal: leaving.signal });
  await asked;
  leaving.abort();
  return reply.then(
    ({ status }) => status,
    ({ name }: Error) => name,
  );
}

async function followStatistics(stage: Stage): Promise<unknown> {
  const client = await open(stage, '/stats/stream');
  await sees(client, '"memory"');
  await client.close();
  return true;
}

async function act({ api, slug }: Stage): Promise<unknown> {
  const statuses: unknown[] = [];
  for (const action of ['restart', 'stop', 'start']) {
    const { status, body } = await api.request('POST', `/api/v1/apps/${slug}/${action}`);
    statuses.push(status, (body as { status: unknown }).status);
  }
  return statuses;
}

async function failToDeploy({ api, slug }: Stage): Promise<unknown> {
  await api.request('PUT', `/api/v1/apps/${slug}`, { body: { env: { EXIT_CODE: '7' } } });
  const { status, body } = await api.request('POST', `/api/v1/deploy/${slug}?wait=60`);
  const { code, deployment: failed } = body as { code: unknown; deployment: Deployment };
  return { status, code, exit_code: failed.failure?.exit_code, logs: failed.failure?.logs.map(({ text }) => text) };
}

async function cancelDeployment({ api, slug }: Stage): Promise<unknown> {
  await api.request('PUT', `/api/v1/apps/${slug}`, { body: { env: { EXIT_CODE: null, NEVER_LISTEN: '1' } } });
  const { id } = await api.expect(202, deployment, api.request('POST', `/api/v1/deploy/${slug}`));
  for (;;) {
    const { phase } = await api.expect(200, deployment, api.request('GET', `/api/v1/deployments/${id}`));
    if (phase === 'health') break;
  }
  return outcomeOf(await api.expect(200, deployment, api.request('POST', `/api/v1/deployments/${id}/cancel`)));
}

function open({ url, token, slug }: Stage, path: string, protocols: string[] = []): Promise<SocketClient> {
  return openSocket({ url, path: `/api/v1/apps/${slug}${path}`, token, protocols });
}

/** Resolves when the client has been sent the text. */
function sees(client: SocketClient, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => client.text().includes(text) && resolve();
    client.socket.on('message', look);
    client.socket.on('close', () => reject(new Error(`the socket closed before it said ${text}: ${client.text()}`)));
    look();
  });
}

async function statusAndBody(reply: Promise<{ status: number; body: unknown }>): Promise<unknown> {
  const { status, body } = await reply;
  return { status, body };
}

function outcomeOf({ status, phase, failure }: Deployment): unknown {
  return { status, phase, failure };
}
