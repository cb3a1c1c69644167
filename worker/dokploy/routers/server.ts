/** Servers, for administrators. One is added by the command that `server.create` answers: it is not reached by SSH. */
import { z } from 'zod';
import { createServer as createServerBody } from '../../../shared/api/servers.ts';
import { readOverview } from '../../services/overview.ts';
import { createServer, enrolCommand, reachServer, readServers, removeServer } from '../../services/servers.ts';
import { text } from '../fields.ts';
import { mutation, query, type Call, type Router } from '../procedure.ts';
import { applicationEntry, toApplicationEntry } from '../rows/application.ts';
import { serverRow, toServerRow } from '../rows/server.ts';

const nothing = z.object({});
const byId = z.object({ serverId: text });

/** As many as one page has: more machines than one instance is made for. */
const most = 200;

async function listServers({ ctx }: Call) {
  const { data } = await readServers(ctx, { limit: most });
  return data.map((row) => toServerRow(row));
}

const list = query({ needs: 'admin', input: nothing, output: z.array(serverRow), run: listServers });

export const serverRouter: Router = {
  all: list,
  allForPermissions: list,
  count: query({ needs: 'admin', input: nothing, output: z.number(), run: async (call) => (await listServers(call)).length }),
  one: query({ needs: 'admin', input: byId, output: serverRow, run: async ({ ctx }, { serverId }) => toServerRow(await reachServer(ctx, serverId)) }),
  withSSHKey: query({ needs: 'admin', input: nothing, output: z.array(serverRow).meta({ description: 'None: servers are not reached by SSH.' }), run: () => [] }),
  buildServers: query({ needs: 'admin', input: nothing, output: z.array(serverRow).meta({ description: 'None: nothing is built on a server yet.' }), run: () => [] }),
  create: mutation({
    needs: 'admin',
    input: z.object({ name: createServerBody.shape.name }),
    output: serverRow,
    async run({ ctx }, { name }) {
      const { row, token } = await createServer(ctx, name);
      return toServerRow(row, enrolCommand(ctx, token));
    },
  }),
  remove: mutation({
    needs: 'admin',
    input: byId,
    output: serverRow,
    async run({ ctx }, { serverId }) {
      const server = await reachServer(ctx, serverId);
      await removeServer(ctx, server);
      return toServerRow(server);
    },
  }),
  getServices: query({
    needs: 'admin',
    input: byId,
    output: z.array(applicationEntry),
    async run({ ctx, actor }, { serverId }) {
      const server = await reachServer(ctx, serverId);
      const environments = (await readOverview(ctx, actor)).flatMap((tree) => tree.environments);
      return environments.flatMap(({ apps }) => apps.filter((app) => app.serverId === server.id).map((app) => toApplicationEntry(app, app.latest)));
    },
  }),
  publicIp: query({ needs: 'admin', input: nothing, output: text.meta({ description: 'Not known: executors dial in. Always empty.' }), run: () => '' }),
  getServerTime: query({ needs: 'admin', input: nothing, output: z.object({ time: z.iso.datetime(), timezone: text }), run: ({ ctx }) => ({ time: new Date(ctx.clock()).toISOString(), timezone: 'UTC' }) }),
};
