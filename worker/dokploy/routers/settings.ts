import { z } from 'zod';
import { text } from '../fields.ts';
import { query, type Router } from '../procedure.ts';

const nothing = z.object({});

/** The release whose API this is. */
export const dokployVersion = 'v0.30.2';

export const settingsRouter: Router = {
  health: query({ needs: 'self', input: nothing, output: z.object({ status: z.literal('ok') }), run: () => ({ status: 'ok' as const }) }),
  getDokployVersion: query({ needs: 'self', input: nothing, output: text.meta({ description: 'The release of Dokploy whose API this is. GET /api/v1/system/status tells the one of Dockup.' }), run: () => dokployVersion }),
  getReleaseTag: query({ needs: 'self', input: nothing, output: text, run: () => 'latest' }),
  isCloud: query({ needs: 'self', input: nothing, output: z.boolean(), run: () => false }),
  isUserSubscribed: query({ needs: 'self', input: nothing, output: z.boolean().meta({ description: 'Nothing is held back from those who pay nothing.' }), run: () => true }),
};
