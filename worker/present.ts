/** Rows as the public API shows them. The only place where camelCase becomes snake_case on the way out. */
import type { App } from '../shared/api/apps.ts';
import type { AuditEntry } from '../shared/api/audit-log.ts';
import type { ApiKey, User } from '../shared/api/auth.ts';
import { toTimestamp } from '../shared/api/common.ts';
import type { Deployment } from '../shared/api/deployments.ts';
import type { Environment } from '../shared/api/environments.ts';
import type { Event } from '../shared/api/events.ts';
import type { LoginSession } from '../shared/api/sessions.ts';
import type { Invitation } from '../shared/api/invitations.ts';
import type { Project } from '../shared/api/projects.ts';
import type { Share } from '../shared/api/shares.ts';
import type { Tag } from '../shared/api/tags.ts';
import type { Team } from '../shared/api/teams.ts';
import type { Disk, Server } from '../shared/api/servers.ts';
import type { Volume } from '../shared/api/volumes.ts';
import type { UsagePoint } from '../shared/api/stats.ts';
import { appHost } from '../shared/names.ts';
import type { DiskState } from '../shared/protocol/events.ts';
import type { LiveApp } from './services/apps.ts';
import type { QueuedDeployment } from './services/deployments.ts';
import { environmentOf, isDefault } from './services/environments.ts';
import type { VolumeState } from './services/volumes.ts';
import type { UsagePoint as MinuteOfApp } from './services/ports.ts';
import type { AppView } from './store/apps.ts';
import type { AuditRow } from './store/audit-schema.ts';
import type { InvitationRow } from './store/invitation-schema.ts';
import type { ProjectView } from './store/projects.ts';
import type { ApiKeyRow, EnvironmentRow, EventRow, ServerRow, SessionRow, UserRow } from './store/schema.ts';
import type { NamedShare } from './store/shares.ts';
import type { TagRow } from './store/tag-schema.ts';
import type { TeamView } from './store/teams.ts';

export function toUser(row: UserRow): User {
  return { id: row.id, email: row.email, role: row.role, grants: row.grants, second_factor: row.hasSecondFactor, created_at: toTimestamp(row.createdAt) };
}

/** @param currentId of the one that asks */
export function toLoginSession(row: SessionRow, currentId: string): LoginSession {
  return {
    id: row.id,
    current: row.id === currentId,
    how: row.how,
    user_agent: row.userAgent,
    last_used_at: toTimestamp(row.lastUsedAt),
    expires_at: toTimestamp(row.expiresAt),
    created_at: toTimestamp(row.createdAt),
  };
}

export function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    revealable: row.sealed !== null,
    scopes: row.scopes,
    projects: row.reach?.projects ?? null,
    apps: row.reach?.apps ?? null,
    expires_at: toTimestamp(row.expiresAt),
    last_used_at: toTimestamp(row.lastUsedAt),
    created_at: toTimestamp(row.createdAt),
  };
}

export function toProject(row: ProjectView): Project {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    owner_id: row.ownerId,
    tags: row.tags,
    created_at: toTimestamp(row.createdAt),
    updated_at: toTimestamp(row.updatedAt),
  };
}

export function toEnvironment(row: EnvironmentRow): Environment {
  return {
    id: row.id,
    project_id: row.projectId,
    name: row.name,
    description: row.description,
    is_default: isDefault(row),
    created_at: toTimestamp(row.createdAt),
    updated_at: toTimestamp(row.updatedAt),
  };
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  const { seq, id, actor, via, credential, action, target, outcome, detail, hash } = row;
  return { seq, id, time: toTimestamp(row.createdAt), actor, via, credential, action, target, outcome, detail, request_id: row.requestId, previous_hash: row.previousHash, hash };
}

export function toInvitation({ id, email, role, grants, teams, createdBy, createdAt, expiresAt }: InvitationRow): Invitation {
  return { id, email, role, grants, teams, created_by: createdBy, created_at: toTimestamp(createdAt), expires_at: toTimestamp(expiresAt) };
}

export function toTeam({ id, name, members, createdAt, updatedAt }: TeamView): Team {
  return { id, name, members, created_at: toTimestamp(createdAt), updated_at: toTimestamp(updatedAt) };
}

export function toTag({ id, name, color, createdAt, updatedAt }: TagRow): Tag {
  return { id, name, color, created_at: toTimestamp(createdAt), updated_at: toTimestamp(updatedAt) };
}

export function toShare({ share, name }: NamedShare): Share {
  return { id: share.id, user_id: share.userId, team_id: share.teamId, name, role: share.role, created_at: toTimestamp(share.createdAt) };
}

export function toServer(row: ServerRow): Server {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    status_reason: row.statusReason,
    status_since: toTimestamp(row.statusSince),
    executor_version: row.executorVersion,
    engine: row.engine,
    disks: (row.disks ?? []).map(toDisk),
    created_at: toTimestamp(row.createdAt),
  };
}

function toDisk({ path, total, free, level }: DiskState): Disk {
  return { path, total, free, used_percent: total === 0 ? 0 : Math.round((1 - free / total) * 1000) / 10, level };
}

export function toApp({ app, usage }: LiveApp, baseDomain: string): App {
  return {
    id: app.id,
    project_id: app.projectId,
    environment_id: environmentOf(app),
    server_id: app.serverId,
    slug: app.slug,
    ...app.settings,
    env: Object.fromEntries(Object.entries(app.envFingerprints).map(([name, fingerprint]) => [name, { has_value: true as const, fingerprint }])),
    status: app.status,
    status_reason: app.statusReason,
    status_since: toTimestamp(app.statusSince),
    server_status: app.serverStatus,
    cpu_usage: usage.cpu,
    memory_usage: usage.memory,
    url: toAppUrl(app, baseDomain),
    created_at: toTimestamp(app.createdAt),
    updated_at: toTimestamp(app.updatedAt),
  };
}

/** As the server's executor says it is reached; `https` on the usual port until one has said so. */
function toAppUrl({ slug, settings, ingress }: AppView, baseDomain: string): string | null {
  if (settings.internal_port === null) return null;
  const { scheme, port } = ingress ?? { scheme: 'https', port: 443 };
  const isUsualPort = port === (scheme === 'https' ? 443 : 80);
  return `${scheme}://${appHost(slug, baseDomain)}${isUsualPort ? '' : `:${port}`}`;
}

export function toDeployment({ deployment: row, position, waitsFor }: QueuedDeployment): Deployment {
  return {
    id: row.id,
    app_id: row.appId,
    server_id: row.serverId,
    status: row.status,
    phase: row.phase,
    position,
    waiting_for: waitsFor,
    expires_at: toTimestamp(row.status === 'queued' || waitsFor !== null ? row.expiresAt : null),
    image: row.image,
    image_id: row.imageId,
    strategy: row.strategy,
    rollback_of: row.rollbackOf,
    actor: row.actor,
    failure: row.failure,
    created_at: toTimestamp(row.createdAt),
    started_at: toTimestamp(row.startedAt),
    finished_at: toTimestamp(row.finishedAt),
  };
}

export function toVolume({ name, mountPath, size, isMounted }: VolumeState): Volume {
  return { name, mount_path: mountPath, size, mounted: isMounted };
}

export function toUsagePoint({ minute, cpu, memory, network, block }: MinuteOfApp): UsagePoint {
  return {
    time: toTimestamp(minute * 60_000),
    cpu_avg: cpu[0],
    cpu_max: cpu[1],
    memory_avg: memory[0],
    memory_max: memory[1],
    network_rx: network[0],
    network_tx: network[1],
    block_read: block[0],
    block_write: block[1],
  };
}

export function toEvent(row: EventRow): Event {
  return { id: row.id, app_id: row.appId, type: row.type, actor: row.actor, message: row.message, data: row.data, created_at: toTimestamp(row.createdAt) };
}
