/** What the executor says about itself at the start of each connection. */
import packageJson from '../package.json' with { type: 'json' };
import { allCapabilities } from '../shared/protocol/capabilities.ts';
import { protocolVersion, type Hello, type Ingress } from '../shared/protocol/messages.ts';
import type { Deployments } from './deploy/deployments.ts';
import { readEngineInfo, type Engine } from './docker/engine.ts';

export async function createHello(engine: Engine, deployments: Deployments, ingress: Ingress): Promise<Hello> {
  return {
    type: 'hello',
    protocol: protocolVersion,
    version: packageJson.version,
    capabilities: allCapabilities,
    engine: await readEngineInfo(engine),
    ingress,
    deployments: deployments.active().slice(0, 1000),
  };
}
