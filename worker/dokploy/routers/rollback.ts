import { z } from 'zod';
import { reachDeployment } from '../../services/access.ts';
import { rollBack } from '../../services/rollback.ts';
import { text } from '../fields.ts';
import { mutation, type Router } from '../procedure.ts';

export const rollbackRouter: Router = {
  rollback: mutation({
    needs: 'deploy',
    input: z.object({ rollbackId: text.meta({ description: '`rollbackId` of a deployment that has succeeded.' }) }),
    output: z.literal(true),
    async run({ ctx, actor, action }, { rollbackId }) {
      const { app } = await reachDeployment(ctx, actor, { id: rollbackId, action });
      await rollBack(ctx, actor, app, { deploymentId: rollbackId, isQueued: true });
      return true as const;
    },
  }),
};
