import { AppError } from '../../shared/errors.ts';
import { appHost } from '../../shared/names.ts';
import type { AppSpec, HealthCheckSpec } from '../../shared/protocol/spec.ts';
import type { AppRow } from '../store/schema.ts';
import { openEnv } from './app-env.ts';
import type { Context } from './context.ts';

/** What a deployment of the app needs, as of now. @throws AppError nothing_to_deploy, git_deploy_unavailable */
export async function buildAppSpec(ctx: Context, app: AppRow): Promise<AppSpec> {
  return {
    app: app.id,
    project: app.projectId,
    slug: app.slug,
    hosts: app.internalPort === null ? [] : [appHost(app.slug, ctx.config.baseDomain)],
    image: requireImage(app),
    pull_policy: app.pullPolicy,
    command: app.command,
    env: await openEnv(ctx, app),
    internal_port: app.internalPort,
    cpu_limit: app.cpuLimit,
    memory_limit: app.memoryLimit,
    restart_policy: { name: app.restartPolicy, maximum_retries: app.restartMaxRetries },
    health_check: toHealthCheckSpec(app),
    drain_timeout: app.drainTimeout,
    stop_timeout: app.stopTimeout,
  };
}

export function requireImage(app: AppRow): string {
  if (app.gitRepoUrl !== null) throw new AppError('git_deploy_unavailable', { detail: 'This release deploys images. Set `image` and clear `git_repo_url`.' });
  if (app.image === null) throw new AppError('nothing_to_deploy', { detail: 'Set `image` first: PUT /api/v1/apps/{appId}.' });
  return app.image;
}

function toHealthCheckSpec({ healthCheck, internalPort }: AppRow): HealthCheckSpec {
  if (healthCheck === null) return { kind: internalPort === null ? 'started' : 'tcp', interval: 10, timeout: 5, grace: 60 };
  const { path, command, ...times } = healthCheck;
  return command === undefined ? { kind: 'http', path: path ?? '/', ...times } : { kind: 'command', command, ...times };
}
