/** Entry of the edge host: what `wrangler.toml` names. */
import type { Bindings } from './edge/hub-rpc.ts';
import { createEdgeApp, type EdgeApp } from './edge/worker.ts';

export { HubObject } from './edge/hub-object.ts';

let edge: EdgeApp | undefined;

export default {
  fetch: (request, env, execution) => (edge ??= createEdgeApp(env)).app.fetch(request, env, execution),
  scheduled: (_event, env) => (edge ??= createEdgeApp(env)).sweep(),
} satisfies ExportedHandler<Bindings>;
