/** Entry of the edge host: what `wrangler.toml` names. */
import { drain } from './drain.ts';
import type { Bindings } from './edge/hub-rpc.ts';
import { createEdgeApp, type EdgeApp } from './edge/worker.ts';

export { HubObject } from './edge/hub-object.ts';

let edge: EdgeApp | undefined;

export default {
  fetch: async (request, env, execution) => {
    const answering = Promise.resolve((edge ??= createEdgeApp(env)).app.fetch(request, env, execution));
    // A client that is gone comes back for the reply.
    if (request.headers.has('idempotency-key')) execution.waitUntil(answering);
    const response = await answering;
    if (response.status >= 400) await drain(request);
    return response;
  },
  scheduled: (_event, env) => (edge ??= createEdgeApp(env)).sweep(),
} satisfies ExportedHandler<Bindings>;
