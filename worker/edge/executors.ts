/** Reaches executors through their Durable Objects. */
import { AppError } from '../../shared/errors.ts';
import { unwrap } from '../hub/calls.ts';
import type { Hub } from '../hub/hub.ts';
import { unwrapReading, type Reading } from '../hub/reader.ts';
import type { CallOutcome, ExecutorClient, UsagePoint } from '../services/ports.ts';
import { attachClient } from './client-sockets.ts';
import type { HubRpc } from './hub-rpc.ts';
import { transferClient } from './transfers.ts';

export function createExecutors(hubs: DurableObjectNamespace<HubRpc>): ExecutorClient {
  const objectOf = (serverId: string) => hubs.get(hubs.idFromName(serverId));
  return {
    // Cloudflare tells a Worker that its client has gone (`enable_request_signal`), workerd on a machine of one's own does not
    // (github.com/cloudflare/workerd/pull/5062). What cannot be tested is not relied on: no signal is passed on, a call ends by its own time-out.
    call: async (serverId, method, params) => {
      // The RPC types forget that the outcome belongs to the method; the hub has checked it against the method's schema.
      const outcome = (await objectOf(serverId).call(serverId, method, params)) as CallOutcome<typeof method>;
      return unwrap(outcome);
    },
    presence: (serverId) => objectOf(serverId).presence(serverId),
    settled: (serverId, deploymentId, timeout) => objectOf(serverId).settled(serverId, deploymentId, timeout),
    disconnect: (serverId, code, reason) => objectOf(serverId).disconnect(serverId, code, reason),
    // The RPC types turn pairs into lists.
    history: async (serverId, appId, since) => (await objectOf(serverId).history(serverId, appId, since)) as unknown as UsagePoint[],
    forget: (serverId) => objectOf(serverId).forget(serverId),
    announce: (serverId, appId, eventId) => objectOf(serverId).announce(serverId, appId, eventId),
    awaitEvent: (serverId, appId, after, timeout) => objectOf(serverId).awaitEvent(serverId, appId, after, timeout),
    lookAtRights: (serverId, userId) => objectOf(serverId).lookAtRights(serverId, userId),
    conclude: (serverId, end) => objectOf(serverId).conclude(serverId, end),
    ...transferClient(objectOf),
    accept: async (request, serverId, epoch) => {
      if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') throw new AppError('upgrade_required');
      // Nothing of what the executor sent goes any further: headers tell the object what it is asked for.
      return objectOf(serverId).fetch('https://hub/', { headers: { upgrade: 'websocket', 'x-dockup-server': serverId, 'x-dockup-epoch': String(epoch) } });
    },
    attach: (request, serverId, stream) => attachClient(objectOf(serverId), request, serverId, stream),
    // The RPC types wrap what is returned; the stream in it is one.
    stream: async (serverId, stream) => unwrapReading((await objectOf(serverId).stream(serverId, stream)) as Reading),
  };
}

/** The client of code that already runs inside the object. */
export function hubClient(find: () => Hub | undefined): ExecutorClient {
  const hub = (): Hub => {
    const found = find();
    if (found === undefined) throw new Error('use hub: not built yet');
    return found;
  };
  return {
    call: async (_server, method, params) => unwrap(await hub().call(method, params)),
    presence: async () => hub().presence(),
    settled: (_server, deployment, timeout) => hub().settled(deployment, timeout),
    disconnect: async (_server, code, reason) => hub().disconnect(code, reason),
    announce: async (_server, app, event) => hub().events.ring(app, event),
    awaitEvent: (_server, app, after, timeout) => hub().events.wait(app, after, timeout),
    lookAtRights: (_serverId, userId) => hub().lookAtRights(userId),
    conclude: async (_server, end) => hub().streams.conclude(end),
    forget: () => Promise.reject(new Error('forget server: only from outside the object')),
    history: () => Promise.reject(new Error('read history: only from outside the object')),
    upload: () => Promise.reject(new Error('upload: only from outside the object')),
    download: () => Promise.reject(new Error('download: only from outside the object')),
    transfer: () => Promise.reject(new Error('transfer: only from outside the object')),
    accept: () => Promise.reject(new Error('accept upgrade: only from outside the object')),
    attach: () => Promise.reject(new Error('attach client: only from outside the object')),
    stream: () => Promise.reject(new Error('open stream: only from outside the object')),
  };
}
