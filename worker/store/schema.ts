/** The tables. Times are milliseconds since the epoch; JSON columns hold the shapes of `shared/`. Migrations are made from this file. */
import type { SQL } from 'drizzle-orm';
import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { DeploymentFailure, DiskState } from '../../shared/protocol/events.ts';
import type { EngineInfo, Ingress } from '../../shared/protocol/messages.ts';
import type { DeployStrategy } from '../../shared/protocol/spec.ts';
import type { MinuteUsage } from '../../shared/protocol/usage.ts';
import type { AppSettings } from '../../shared/api/apps.ts';
import type { Grant, Role, Scope } from '../../shared/api/auth.ts';
import type { Proof } from '../../shared/api/sessions.ts';
import type { ShareRole } from '../../shared/api/shares.ts';
import type { AppStatus, DeploymentPhase, DeploymentStatus, ServerStatus } from '../../shared/status.ts';

const createdAt = integer().notNull();

/** Ids of projects, with all that is in them, and of apps. */
export interface Reach {
  projects: string[];
  apps: string[];
}

/** What of a list somebody reaches: those of an owner and those shared with them, or all where that is undefined; and of these, with a key that has a reach, only those within it. */
export interface ListFilter {
  ownerId: string | undefined;
  shared: Reach;
  reach: Reach | null;
}

export const users = sqliteTable(
  'users',
  {
    id: text().primaryKey(),
    email: text().notNull().unique(),
    passwordHash: text().notNull(),
    role: text().$type<Role>().notNull(),
    /** What an administrator has granted to a member; administrators need none. */
    grants: text({ mode: 'json' }).$type<Grant[]>().notNull().default([]),
    /** Whether there is a confirmed row of `secondFactors`: written with it, so that no call reads that one for it. */
    hasSecondFactor: integer({ mode: 'boolean' }).notNull().default(false),
    createdAt,
  },
  // One owner, whoever races.
  (table) => [uniqueIndex('users_one_owner').on(table.role).where(sql`role = 'owner'`)],
);

/** Logins that have not ended: a token whose row is gone is worth nothing. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    how: text().$type<Proof>().notNull(),
    userAgent: text(),
    /** To the minute. */
    lastUsedAt: integer().notNull(),
    expiresAt: integer().notNull(),
    createdAt,
  },
  (table) => [index('sessions_by_user').on(table.userId, table.id), index('sessions_by_expiry').on(table.expiresAt)],
);

/** Of users who have one, or have begun to. */
export const secondFactors = sqliteTable('second_factors', {
  userId: text()
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  /** The shared secret, sealed by the vault. */
  sealed: text().notNull(),
  /** When its first code was given; null: it does not count yet. */
  confirmedAt: integer(),
  /** The newest time step whose code was taken: neither it nor an older one is taken again (RFC 6238, 5.2). */
  lastStep: integer(),
  /** SHA-256 of the recovery codes that are left, hex. */
  recoveryHashes: text({ mode: 'json' }).$type<string[]>().notNull().default([]),
  createdAt,
});

export const apiKeys = sqliteTable(
  'api_keys',
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    /** The first characters, to tell keys apart. */
    prefix: text().notNull(),
    /** SHA-256 of the whole key, hex. */
    hash: text().notNull().unique(),
    /** The key sealed by the vault; null where showing keys again is switched off. */
    sealed: text(),
    /** What it may do at most; null: all that its owner may. */
    scopes: text({ mode: 'json' }).$type<Scope[]>(),
    /** The only things it reaches; null: all that its owner reaches. */
    reach: text({ mode: 'json' }).$type<Reach>(),
    expiresAt: integer(),
    /** To the minute. */
    lastUsedAt: integer(),
    createdAt,
  },
  (table) => [index('api_keys_by_user').on(table.userId, table.id)],
);

export const projects = sqliteTable(
  'projects',
  {
    id: text().primaryKey(),
    ownerId: text()
      .notNull()
      .references(() => users.id),
    name: text().notNull(),
    description: text().notNull().default(''),
    createdAt,
    updatedAt: integer().notNull(),
  },
  (table) => [index('projects_by_owner').on(table.ownerId, table.id)],
);

/** The default one of a project comes with it, by a trigger (migration 0005): also where an earlier release makes the project. */
export const environments = sqliteTable(
  'environments',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    description: text().notNull().default(''),
    createdAt,
    updatedAt: integer().notNull(),
  },
  (table) => [uniqueIndex('environments_by_project').on(table.projectId, table.name)],
);

export const servers = sqliteTable('servers', {
  id: text().primaryKey(),
  name: text().notNull(),
  status: text().$type<ServerStatus>().notNull(),
  statusReason: text(),
  statusSince: integer().notNull(),
  /** SHA-256 of the enrolment token while it is unused. */
  enrolmentHash: text().unique(),
  enrolmentExpiresAt: integer(),
  /** `x` of the executor's Ed25519 public key. */
  publicKey: text(),
  /** Epoch of the newest accepted connection. */
  epoch: integer().notNull().default(0),
  executorVersion: text(),
  engine: text({ mode: 'json' }).$type<EngineInfo>(),
  ingress: text({ mode: 'json' }).$type<Ingress>(),
  /** Null until its executor has told. */
  disks: text({ mode: 'json' }).$type<DiskState[]>(),
  createdAt,
});

export const apps = sqliteTable(
  'apps',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => projects.id),
    /** Null: the default one of its project. */
    environmentId: text().references(() => environments.id, { onDelete: 'set null' }),
    serverId: text().references(() => servers.id),
    slug: text().notNull().unique(),
    /** As the API shows them. One column, because nothing is queried by them and each column of a row costs time. */
    settings: text({ mode: 'json' }).$type<AppSettings>().notNull(),
    /** The environment as one JSON object, sealed by the vault; null when empty. */
    sealedEnv: text(),
    /** Name to keyed fingerprint of the value: what a reply may show. */
    envFingerprints: text({ mode: 'json' }).$type<Record<string, string>>().notNull(),
    status: text().$type<AppStatus>().notNull(),
    statusReason: text(),
    statusSince: integer().notNull(),
    /** `at` of the executor's newest fact about this app: an older one never overwrites it (REL-21). */
    observedAt: integer().notNull().default(0),
    createdAt,
    updatedAt: integer().notNull(),
  },
  (table) => [index('apps_by_project').on(table.projectId, table.id), index('apps_by_server').on(table.serverId), index('apps_by_environment').on(table.environmentId)],
);

export const deployments = sqliteTable(
  'deployments',
  {
    id: text().primaryKey(),
    appId: text()
      .notNull()
      .references(() => apps.id, { onDelete: 'cascade' }),
    serverId: text().notNull(),
    status: text().$type<DeploymentStatus>().notNull(),
    phase: text().$type<DeploymentPhase>().notNull(),
    image: text().notNull(),
    imageId: text(),
    strategy: text().$type<DeployStrategy>().notNull().default('start-first'),
    /** The deployment whose image it brings back. */
    rollbackOf: text(),
    /** Who asked: the user's id. */
    actor: text().notNull(),
    failure: text({ mode: 'json' }).$type<DeploymentFailure>(),
    /** `at` of the newest event about it. */
    observedAt: integer().notNull().default(0),
    /** A queued deployment is not run after this. */
    expiresAt: integer().notNull(),
    createdAt,
    startedAt: integer(),
    finishedAt: integer(),
  },
  (table) => [
    index('deployments_by_app').on(table.appId, table.id),
    index('deployments_open').on(table.serverId, table.status).where(sql`status in ('queued', 'running')`),
    // One running deployment per app, whoever races (REL-20).
    uniqueIndex('deployments_one_running').on(table.appId).where(sql`status = 'running'`),
  ],
);

export const events = sqliteTable(
  'events',
  {
    id: text().primaryKey(),
    appId: text()
      .notNull()
      .references(() => apps.id, { onDelete: 'cascade' }),
    type: text().notNull(),
    /** User id, or `system`. */
    actor: text().notNull(),
    message: text().notNull(),
    data: text({ mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    createdAt,
  },
  (table) => [index('events_by_app').on(table.appId, table.id)],
);

/** People who share what is shared with one of them. */
export const teams = sqliteTable('teams', {
  id: text().primaryKey(),
  name: text().notNull(),
  createdAt,
  updatedAt: integer().notNull(),
});

export const teamMembers = sqliteTable(
  'team_members',
  {
    teamId: text()
      .notNull()
      .references(() => teams.id, { onDelete: 'cascade' }),
    userId: text()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt,
  },
  (table) => [primaryKey({ columns: [table.teamId, table.userId] }), index('team_members_by_user').on(table.userId)],
);

/** What others reach besides their owner: a project with all that is in it, or one app, for one user or one team. */
export const shares = sqliteTable(
  'shares',
  {
    id: text().primaryKey(),
    userId: text().references(() => users.id, { onDelete: 'cascade' }),
    teamId: text().references(() => teams.id, { onDelete: 'cascade' }),
    projectId: text().references(() => projects.id, { onDelete: 'cascade' }),
    appId: text().references(() => apps.id, { onDelete: 'cascade' }),
    role: text().$type<ShareRole>().notNull(),
    createdAt,
  },
  (table) => [
    // Whoever calls is on the path of every call: found by the first column. The others are for what is deleted.
    uniqueIndex('shares_of_user_in_project').on(table.userId, table.projectId),
    uniqueIndex('shares_of_user_in_app').on(table.userId, table.appId),
    uniqueIndex('shares_of_team_in_project').on(table.teamId, table.projectId),
    uniqueIndex('shares_of_team_in_app').on(table.teamId, table.appId),
    index('shares_by_project').on(table.projectId, table.id),
    index('shares_by_app').on(table.appId, table.id),
    check('shares_with_one', sql`(user_id is null) <> (team_id is null)`),
    check('shares_of_one', sql`(project_id is null) <> (app_id is null)`),
  ],
);

/** Apps deleted while their host was away: the host is told when it returns. */
export const removals = sqliteTable('removals', {
  appId: text().primaryKey(),
  serverId: text().notNull(),
  /** Volumes to delete with it. */
  volumes: text({ mode: 'json' }).$type<string[]>().notNull().default([]),
  createdAt,
});

/** Tickets for WebSockets (SEC-01): single use, taken out by the one that uses it. */
export const tickets = sqliteTable(
  'tickets',
  {
    /** SHA-256 of the ticket, hex. */
    hash: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** How its owner was identified: a ticket gives no right that its token did not. */
    via: text().$type<'session' | 'api_key'>().notNull(),
    /** The one of both that it was asked for with: it ends with that. */
    sessionId: text().references(() => sessions.id, { onDelete: 'cascade' }),
    keyId: text().references(() => apiKeys.id, { onDelete: 'cascade' }),
    appId: text()
      .notNull()
      .references(() => apps.id, { onDelete: 'cascade' }),
    action: text().$type<'logs' | 'exec' | 'stats'>().notNull(),
    /** Of `exec`: the one command it starts. */
    cmd: text({ mode: 'json' }).$type<string[]>(),
    expiresAt: integer().notNull(),
  },
  (table) => [index('tickets_by_expiry').on(table.expiresAt)],
);

/** Attempts to log in, counted per account and network, and per network (SEC-22). A row is worth nothing once its window is over. */
export const loginAttempts = sqliteTable(
  'login_attempts',
  {
    /** SHA-256 of what is counted, hex: neither addresses of people nor those of machines are kept. */
    hash: text().primaryKey(),
    count: integer().notNull(),
    /** End of the window, which began with the first of them. */
    until: integer().notNull(),
  },
  (table) => [index('login_attempts_by_end').on(table.until)],
);

/** What was asked with an `Idempotency-Key`, and what was answered, for 24 hours. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    userId: text()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** SHA-256 of the key, hex. */
    keyHash: text().notNull(),
    /** SHA-256 of the request, hex. */
    fingerprint: text().notNull(),
    /** Who works on it: only this attempt may write its reply. */
    attempt: text().notNull(),
    /** Until when nobody else may: whoever works on it keeps putting it off, so it passes when that one is gone. */
    leaseUntil: integer().notNull(),
    /** Status, headers and body as JSON, sealed by the vault; null while it is being worked on. */
    reply: text(),
    createdAt,
  },
  (table) => [primaryKey({ columns: [table.userId, table.keyHash] }), index('idempotency_keys_by_time').on(table.createdAt)],
);

/** One row per server and minute, on the embedded host; at the edge each hub keeps its own. */
export const usageHistory = sqliteTable(
  'usage_history',
  {
    serverId: text().notNull(),
    /** Minutes since the epoch. */
    minute: integer().notNull(),
    apps: text({ mode: 'json' }).$type<MinuteUsage[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.serverId, table.minute] })],
);

export type UserRow = typeof users.$inferSelect;
export type SessionRow = typeof sessions.$inferSelect;
export type SecondFactorRow = typeof secondFactors.$inferSelect;
export type ApiKeyRow = typeof apiKeys.$inferSelect;
export type ProjectRow = typeof projects.$inferSelect;
export type EnvironmentRow = typeof environments.$inferSelect;
export type TeamRow = typeof teams.$inferSelect;
export type ShareRow = typeof shares.$inferSelect;
export type ServerRow = typeof servers.$inferSelect;
export type AppRow = typeof apps.$inferSelect;
export type DeploymentRow = typeof deployments.$inferSelect;
export type TicketRow = typeof tickets.$inferSelect;
export type LoginAttemptRow = typeof loginAttempts.$inferSelect;
export type IdempotencyKeyRow = typeof idempotencyKeys.$inferSelect;
export type EventRow = typeof events.$inferSelect;

export type Condition = SQL | undefined;
