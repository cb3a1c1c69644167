/** Volumes of apps. A mount that is removed leaves its data on the server: DELETE /api/v1/apps/{appId}/volumes/{volume} deletes them. */
import { z } from 'zod';
import { volume } from '../../../shared/api/apps.ts';
import { AppError } from '../../../shared/errors.ts';
import { reachApp } from '../../services/access.ts';
import { changeApp, type LiveApp } from '../../services/apps.ts';
import { addVolume } from '../../services/volumes.ts';
import { unsupportedField } from '../failure.ts';
import { text } from '../fields.ts';
import { mutation, query, type Call, type Router } from '../procedure.ts';
import { mountRow, readMountId, toMount, type MountRow } from '../rows/mount.ts';

type App = LiveApp['app'];
type Volume = App['settings']['volumes'][number];

const byId = z.object({ mountId: text });
const { name: volumeName, mount_path: mountPath } = volume.shape;
const kind = z.enum(['bind', 'volume', 'file']);

async function reachMount({ ctx, actor, action }: Call, mountId: string): Promise<{ app: App; mounted: Volume }> {
  const { appId, name } = readMountId(mountId);
  const app = await reachApp(ctx, actor, { id: appId, action });
  const mounted = app.settings.volumes.find((one) => one.name === name);
  if (mounted === undefined) throw new AppError('volume_not_found', { detail: 'Mount not found' });
  return { app, mounted };
}

/** @throws AppError not_available_yet */
function requireVolume(type: z.infer<typeof kind>): void {
  if (type !== 'volume') throw unsupportedField('type', 'Apps have volumes only: folders and files of a server are not handed into containers.');
}

async function listMounts({ ctx, actor, action }: Call, applicationId: string): Promise<MountRow[]> {
  const app = await reachApp(ctx, actor, { id: applicationId, action });
  return app.settings.volumes.map((one) => toMount(app.id, one));
}

export const mountsRouter: Router = {
  create: mutation({
    needs: 'apps:write',
    input: z.object({ type: kind, volumeName: volumeName.nullish(), mountPath, serviceId: text, serviceType: text.default('application'), hostPath: text.nullish(), content: text.nullish(), filePath: text.nullish() }),
    output: mountRow,
    async run({ ctx, actor, action }, { type, volumeName: name, mountPath: path, serviceId, serviceType }) {
      const app = await reachApp(ctx, actor, { id: serviceId, action });
      requireVolume(type);
      if (serviceType !== 'application') throw unsupportedField('serviceType', 'Only applications have mounts here.');
      if (name == null) throw new AppError('missing_field', { errors: [{ pointer: '/volumeName', code: 'missing_field', detail: 'A volume has a name.' }] });
      await addVolume(ctx, actor, app, { name, mount_path: path });
      return toMount(app.id, { name, mount_path: path });
    },
  }),
  update: mutation({
    needs: 'apps:write',
    input: z.object({ mountId: text, type: kind.optional(), mountPath: mountPath.optional(), volumeName: volumeName.nullish() }),
    output: mountRow,
    async run(call, { mountId, type = 'volume', mountPath: path, volumeName: name }) {
      const { app, mounted } = await reachMount(call, mountId);
      requireVolume(type);
      if (name != null && name !== mounted.name) throw unsupportedField('volumeName', 'A volume keeps its name: make another one.');
      const changed = { ...mounted, mount_path: path ?? mounted.mount_path };
      await changeApp(call.ctx, call.actor, app, { volumes: app.settings.volumes.map((one) => (one === mounted ? changed : one)) });
      return toMount(app.id, changed);
    },
  }),
  remove: mutation({
    needs: 'apps:write',
    input: byId,
    output: mountRow,
    async run(call, { mountId }) {
      const { app, mounted } = await reachMount(call, mountId);
      await changeApp(call.ctx, call.actor, app, { volumes: app.settings.volumes.filter((one) => one !== mounted) });
      return toMount(app.id, mounted);
    },
  }),
  one: query({
    needs: 'apps:read',
    input: byId,
    output: mountRow,
    async run(call, { mountId }) {
      const { app, mounted } = await reachMount(call, mountId);
      return toMount(app.id, mounted);
    },
  }),
  allNamedByApplicationId: query({ needs: 'apps:read', input: z.object({ applicationId: text }), output: z.array(mountRow), run: (call, { applicationId }) => listMounts(call, applicationId) }),
  listByServiceId: query({
    needs: 'apps:read',
    input: z.object({ serviceType: text, serviceId: text }),
    output: z.array(mountRow),
    async run(call, { serviceType, serviceId }) {
      if (serviceType !== 'application') throw unsupportedField('serviceType', 'Only applications have mounts here.');
      return listMounts(call, serviceId);
    },
  }),
};
