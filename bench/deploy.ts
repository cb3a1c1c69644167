/**
 * Deploy, image present: from POST to the first answer of the new version through the proxy, against the same container (a project's kind of network, the same
 * options) created and started with dockerode and polled directly. Paired: one after the other, the order changing each time, so that a drift of the machine meets both.
 */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import type { Dockup } from '../test/support/dockup.ts';
import { images } from '../test/support/images.ts';
import { median, type Figure } from './table.ts';

const pairs = 12;
const network = 'dockup-bench';
const poll = 5;

export async function benchDeploy(dockup: Dockup): Promise<Figure> {
  const { id: projectId } = await dockup.createProject('Bench');
  const app = await dockup.createApp(projectId, { name: 'bench', slug: 'bench', image: images.busybox, internal_port: 80, env: { VERSION: 'first' }, drain_timeout: 1, stop_timeout: 1 });
  await dockup.deploy(app.slug);

  const docker = new Docker();
  const bridge = await docker.createNetwork({ Name: network, IPAM: { Driver: 'default', Config: [{ Subnet: '10.254.254.0/25' }] } });
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const steps = [async () => ours.push(await deployOnce(dockup, `v${pair}`)), async () => bare.push(await startBare(`v${pair}`))];
    for (const step of pair % 2 === 0 ? steps : steps.toReversed()) await step();
    // The old container is drained and removed after the answer: the next pair starts on a quiet machine.
    await sleep(1_500);
  }
  await bridge.remove();
  const ratio = median(ours.map((time, pair) => time / (bare[pair] ?? Number.NaN)));
  return {
    name: `deploy, ${dockup.host} host`,
    measured: `${ratio.toFixed(2)} x`,
    limit: '1.50 x',
    isMet: ratio <= 1.5,
    note: `${pairs} pairs; median ${median(ours).toFixed(0)} ms against ${median(bare).toFixed(0)} ms with dockerode`,
  };
}

async function deployOnce(dockup: Dockup, version: string): Promise<number> {
  await dockup.request('PUT', '/api/v1/apps/bench', { body: { env: { VERSION: version } } });
  const began = performance.now();
  const reply = await dockup.request('POST', '/api/v1/deploy/bench');
  if (reply.status !== 202) throw new Error(`deploy: ${reply.status} ${JSON.stringify(reply.body)}`);
  await until(version, { host: '127.0.0.1', port: dockup.httpPort, headers: { host: 'bench-app.localhost' } });
  return performance.now() - began;
}

async function startBare(version: string): Promise<number> {
  const docker = new Docker();
  const began = performance.now();
  const container = await docker.createContainer({
    Image: images.busybox,
    Env: [`VERSION=${version}`],
    HostConfig: { NetworkMode: network, RestartPolicy: { Name: 'unless-stopped' }, SecurityOpt: ['no-new-privileges'], LogConfig: { Type: 'local', Config: { 'max-size': '20m', 'max-file': '5', compress: 'false' } } },
  });
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    await until(version, { host: NetworkSettings.Networks[network]?.IPAddress ?? '', port: 80, headers: {} });
    return performance.now() - began;
  } finally {
    await container.remove({ force: true });
  }
}

type Address = { host: string; port: number; headers: Record<string, string> };

/** Asks again and again until the page is the version's. */
async function until(version: string, address: Address): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(poll)) {
    if ((await get(address)) === version) return;
  }
  throw new Error(`no answer of version ${version} within a minute`);
}

function get(address: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ ...address, path: '/', agent: false, timeout: 2_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve(body.trim()));
    });
    // Not there yet.
    call.on('error', () => resolve(undefined));
    call.on('timeout', () => call.destroy());
    call.end();
  });
}
