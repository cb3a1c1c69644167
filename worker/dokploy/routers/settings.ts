import { z } from 'zod';
import { dokployVersion } from '../catalog.ts';
import { text } from '../fields.ts';
import { createDescription, openApiDocument } from '../openapi.ts';
import { query, type Listed, type Router } from '../procedure.ts';

const nothing = z.object({});

/** @param list all procedures, which there are only when every router is made */
export function createSettingsRouter(list: () => readonly Listed[]): Router {
  const describe = createDescription(list);
  return {
    health: query({ needs: 'self', input: nothing, output: z.object({ status: z.literal('ok') }), run: () => ({ status: 'ok' as const }) }),
    getDokployVersion: query({ needs: 'self', input: nothing, output: text.meta({ description: 'The release of Dokploy whose API this is. GET /api/v1/system/status tells the one of Dockup.' }), run: () => dokployVersion }),
    getReleaseTag: query({ needs: 'self', input: nothing, output: text, run: () => 'latest' }),
    getOpenApiDocument: query({ needs: 'self', input: nothing, output: openApiDocument, run: ({ ctx }) => describe(ctx.config.publicUrl) }),
    isCloud: query({ needs: 'self', input: nothing, output: z.boolean(), run: () => false }),
    isUserSubscribed: query({ needs: 'self', input: nothing, output: z.boolean().meta({ description: 'Nothing is held back from those who pay nothing.' }), run: () => true }),
  };
}
