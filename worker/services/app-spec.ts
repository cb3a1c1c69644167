import type { AppSettings } from '../../shared/api/apps.ts';
import { AppError } from '../../shared/errors.ts';
import { appHost, isKeptImage } from '../../shared/names.ts';
import type { AppSpec, DeployStrategy, HealthCheckSpec } from '../../shared/protocol/spec.ts';
import type { AppRow } from '../store/schema.ts';
import { openEnv } from './app-env.ts';
import type { Context } from './context.ts';

/** What a deployment of `image` needs, by the settings as they are now. */
export async function buildAppSpec(ctx: Context, app: AppRow, image: string): Promise<AppSpec> {
  const { settings } = app;
  return {
    app: app.id,
    project: app.projectId,
    slug: app.slug,
    hosts: settings.internal_port === null ? [] : [appHost(app.slug, ctx.config.baseDomain)],
    image,
    pull_policy: isKeptImage(image) ? 'never' : settings.pull_policy,
    command: settings.command,
    env: await openEnv(ctx, app),
    volumes: settings.volumes,
    strategy: strategyOf(settings),
    ...(settings.published_ports.length > 0 && { published_ports: settings.published_ports }),
    internal_port: settings.internal_port,
    cpu_limit: settings.cpu_limit,
    memory_limit: settings.memory_limit,
    restart_policy: { name: settings.restart_policy, maximum_retries: settings.restart_max_retries },
    health_check: toHealthCheckSpec(settings),
    drain_timeout: settings.drain_timeout,
    stop_timeout: settings.stop_timeout,
  };
}

/** Two versions never write to one volume, nor listen on one port of the host (REL-13). */
export function strategyOf({ volumes, published_ports: ports }: Pick<AppSettings, 'volumes' | 'published_ports'>): DeployStrategy {
  return volumes.length > 0 || ports.length > 0 ? 'stop-first' : 'start-first';
}

/** @throws AppError nothing_to_deploy, git_deploy_unavailable */
export function requireImage({ image, git_repo_url }: AppSettings): string {
  if (git_repo_url !== null) throw new AppError('git_deploy_unavailable', { detail: 'This release deploys images. Set `image` and clear `git_repo_url`: PATCH /api/v1/apps/{appId}.' });
  if (image === null) throw new AppError('nothing_to_deploy', { detail: 'Set `image` first: PUT /api/v1/apps/{appId}.' });
  return image;
}

function toHealthCheckSpec({ health_check, internal_port }: AppSettings): HealthCheckSpec {
  const { path, command, ...times } = health_check ?? { interval: 10, timeout: 5, grace: 60 };
  if (command !== undefined) return { kind: 'command', command, ...times };
  if (internal_port === null) return { kind: 'started', ...times };
  return path === undefined ? { kind: 'tcp', ...times } : { kind: 'http', path, ...times };
}
