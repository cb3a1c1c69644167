/** What the executor says about itself at the start of each connection. */
import packageJson from '../package.json' with { type: 'json' };
import { methods } from '../shared/protocol/calls.ts';
import { streamKinds } from '../shared/protocol/streams.ts';
import { protocolVersion, type Hello, type Ingress } from '../shared/protocol/messages.ts';
import type { Deployments } from './deploy/deployments.ts';
import { readEngineInfo, type Engine } from './docker/engine.ts';

export async function createHello(engine: Engine, deployments: Deployments, ingress: Ingress): Promise<Hello> {
  return {
    type: 'hello',
    protocol: protocolVersion,
    version: packageJson.version,
    capabilities: [...methods, ...Object.keys(streamKinds).map((kind) => `stream:${kind}`)],
    engine: await readEngineInfo(engine),
    ingress,
    deployments: deployments.active().slice(0, 1000),
  };
}
