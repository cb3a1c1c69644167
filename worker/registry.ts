/** Every endpoint of the API. The spec, the access test and the router read this one list. */
import type { DefinedRoute } from './route.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { appActionRoutes } from './routes/app-actions.ts';
import { appRoutes } from './routes/apps.ts';
import { auditLogRoutes } from './routes/audit-log.ts';
import { authRoutes } from './routes/auth.ts';
import { deploymentRoutes } from './routes/deployments.ts';
import { environmentRoutes } from './routes/environments.ts';
import { eventRoutes } from './routes/events.ts';
import { execRoutes } from './routes/exec.ts';
import { invitationRoutes } from './routes/invitations.ts';
import { logRoutes } from './routes/logs.ts';
import { projectRoutes } from './routes/projects.ts';
import { secondFactorRoutes } from './routes/second-factor.ts';
import { serverRoutes } from './routes/servers.ts';
import { shareRoutes } from './routes/shares.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { statsRoutes } from './routes/stats.ts';
import { streamRoutes } from './routes/streams.ts';
import { systemRoutes } from './routes/system.ts';
import { tagRoutes } from './routes/tags.ts';
import { teamRoutes } from './routes/teams.ts';
import { transferRoutes } from './routes/transfers.ts';
import { unavailableRoutes } from './routes/unavailable.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { userRoutes } from './routes/users.ts';
import { volumeRoutes } from './routes/volumes.ts';

export const routes: readonly DefinedRoute[] = [
  ...systemRoutes,
  ...authRoutes,
  ...sessionRoutes,
  ...secondFactorRoutes,
  ...apiKeyRoutes,
  ...userRoutes,
  ...invitationRoutes,
  ...teamRoutes,
  ...auditLogRoutes,
  ...projectRoutes,
  ...environmentRoutes,
  ...tagRoutes,
  ...shareRoutes,
  ...appRoutes,
  ...deploymentRoutes,
  ...uploadRoutes,
  ...appActionRoutes,
  ...logRoutes,
  ...execRoutes,
  ...statsRoutes,
  ...eventRoutes,
  ...volumeRoutes,
  ...streamRoutes,
  ...serverRoutes,
  ...transferRoutes,
  ...unavailableRoutes,
];
