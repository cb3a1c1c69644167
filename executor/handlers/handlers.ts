/** The answer to every method of the link. */
import { AppError } from '../../shared/errors.ts';
import type { Handlers } from '../dispatch.ts';
import { act } from './act.ts';
import type { HandlerContext } from './context.ts';
import { exec } from './exec.ts';
import { loadImage } from './load-image.ts';
import { removeApp } from './remove-app.ts';
import { readStats } from './stats.ts';
import { takeUpload } from './take-upload.ts';
import { updateLimits } from './update-limits.ts';
import { deleteVolume, fillVolume, readVolumes, sendVolume } from './volumes.ts';

export function createHandlers(context: HandlerContext): Handlers {
  const { host, deployments } = context;
  return {
    async deploy({ deployment, spec }) {
      await deployments.accept(deployment, spec);
      return { accepted: true };
    },
    async cancel_deploy({ deployment }) {
      const cancelled = await deployments.cancel(deployment, 'deployment_cancelled');
      // Not the answer to one that never came: that is ended by whoever asks, and this one tells of its end by itself.
      if (!cancelled && host.journal.get(deployment) !== undefined) throw new AppError('deployment_finished', { detail: 'It is past the point where it can be cancelled.' });
      // One that never came here: the image that was loaded for it goes.
      await context.loaded.drop({ deployment });
      return { cancelled };
    },
    act: (params) => act(context, params),
    remove_app: (params) => removeApp(context, params),
    exec: (params, signal) => exec(context, params, signal),
    stats: (params) => readStats(context, params),
    update_limits: (params) => updateLimits(context, params),
    load_image: (params, signal) => loadImage(context, params, signal),
    upload: (params, signal) => takeUpload(context, params, signal),
    volumes: (params) => readVolumes(context, params),
    remove_volume: (params) => deleteVolume(context, params),
    read_volume: (params, signal) => sendVolume(context, params, signal),
    write_volume: (params, signal) => fillVolume(context, params, signal),
    logs: async (params) => ({ lines: await host.logs.read(params) }),
  };
}
