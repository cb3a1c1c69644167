import { z } from 'zod';
import { slugMaxLength, volumePattern } from '../names.ts';
import { mountPathPattern } from '../protocol/spec.ts';
import { appStatuses, serverStatuses } from '../status.ts';
import { idOf, pageOf, pageQuery, timestamp } from './common.ts';

const environmentId = idOf('environment', 'The environment of its project that it is in.');
const name = z.string().trim().min(1).max(100).meta({ description: 'Name for people.', example: 'my-app' });
const description = z.string().max(2000).meta({ description: 'Free text.', example: 'What customers see.' });
/** Shape only: length here, the allow-list and the reserved words in `services/slugs.ts`, so that each answers its own code. */
const slug = z
  .string()
  .min(1)
  .max(slugMaxLength)
  .meta({ description: 'Globally unique; becomes the subdomain. Lower-case letters, digits and inner hyphens. Cannot be changed.', example: 'my-app' });
const image = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$/, 'is not an image reference')
  .meta({ description: 'Image reference with optional registry, tag or digest. Leave it out for a git deploy.', example: 'nginx:alpine' });
const internalPort = z.int().min(1).max(65535).meta({ description: 'The port the app listens on in its container; null for a worker without a URL.', example: 80 });
const gitRepoUrl = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .meta({ description: 'Repository to build from; the image is then generated.', example: 'https://github.com/example/shop.git' });
const gitProvider = z.enum(['github', 'gitlab', 'gitea', 'bitbucket', 'git']).meta({ description: 'Where the repository lives.', example: 'github' });
const cpuLimit = z.number().min(0.01).max(1024).meta({ description: 'Cores; null for no limit.', example: 0.5 });
const memoryLimit = z.int().min(6).max(16_777_216).meta({ description: 'MB; null for no limit.', example: 256 });
const seconds = (minimum: number, text: string, example: number) => z.int().min(minimum).max(3600).meta({ description: text, example });

const envName = z.string().max(200).regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'is not a variable name');
const envValue = z.string().max(65_536);

const argument = z.string().max(4096);
const command = z.array(argument).min(1).max(256).meta({ description: 'Replaces the command of the image: a list of arguments, never a shell line.', example: ['nginx', '-g', 'daemon off;'] });

export const healthCheck = z
  .strictObject({
    path: z.string().startsWith('/').max(1024).optional().meta({ description: 'GET this on the internal port; 200 to 399 is healthy.', example: '/healthz' }),
    command: z.array(argument).min(1).max(64).optional().meta({ description: 'Run this in the container instead; exit code 0 is healthy.', example: ['pg_isready'] }),
    interval: seconds(1, 'Seconds between two probes.', 10).default(10),
    timeout: seconds(1, 'Seconds one probe may take.', 5).default(5),
    grace: seconds(1, 'Seconds a new container has to become healthy. Its server waits no longer than its own limit, 300 s unless set otherwise (`DOCKUP_HEALTH_TIMEOUT`).', 60).default(60),
  })
  .refine((check) => check.path === undefined || check.command === undefined, { message: 'takes path or command, not both' })
  .meta({ id: 'HealthCheck', description: 'How to tell that the app serves. With neither path nor command, its port must accept a connection within `grace`; without any health check, within 60 s.' });

const restartPolicy = z
  .enum(['no', 'always', 'on-failure', 'unless-stopped'])
  .meta({ description: 'What the engine does when the container exits.', example: 'unless-stopped' });
const pullPolicy = z.enum(['missing', 'always', 'never']).meta({ description: 'When a deploy pulls the image.', example: 'missing' });

export const volume = z.strictObject({
  name: z.string().regex(volumePattern).meta({ description: 'Unique within the app. 1 to 40 lower-case letters, digits and hyphens.', example: 'data' }),
  mount_path: z
    .string()
    .max(512)
    .regex(mountPathPattern)
    .refine((path) => !/^\/(proc|sys|dev)(\/|$)/.test(path), { message: 'is a folder of the kernel' })
    .meta({ description: 'Where the app finds it: an absolute path.', example: '/var/lib/app' }),
});
const volumes = z
  .array(volume)
  .max(20)
  .refine((list) => new Set(list.map(({ name: own }) => own)).size === list.length, { message: 'names each volume once' })
  .refine((list) => new Set(list.map(({ mount_path: path }) => path)).size === list.length, { message: 'mounts one volume per path' })
  .meta({ description: 'Persistent volumes, kept across deploys. An app that has any is replaced stop-first: two versions never write to one volume.', example: [{ name: 'data', mount_path: '/var/lib/app' }] });

export const publishedPort = z.strictObject({
  host_port: z.int().min(1).max(65535).meta({ description: 'The port of the server.', example: 5432 }),
  container_port: z.int().min(1).max(65535).meta({ description: 'The port the app listens on in its container.', example: 5432 }),
  protocol: z.enum(['tcp', 'udp']).default('tcp').meta({ description: 'What it speaks.', example: 'tcp' }),
});
const publishedPorts = z
  .array(publishedPort)
  .max(50)
  .refine((list) => new Set(list.map(({ host_port: port, protocol }) => `${port}/${protocol}`)).size === list.length, { message: 'publishes each port of the host once' })
  .meta({
    description: 'Ports of the server that lead straight to the container, for what is not HTTP. 1024 and above, unless the server allows others. An app that has any is replaced stop-first: two containers cannot listen on one port.',
    example: [{ host_port: 5432, container_port: 5432, protocol: 'tcp' }],
  });

const settings = {
  name,
  description,
  image: image.nullable(),
  internal_port: internalPort.nullable(),
  git_repo_url: gitRepoUrl.nullable(),
  git_provider: gitProvider.nullable(),
  cpu_limit: cpuLimit.nullable(),
  memory_limit: memoryLimit.nullable(),
  command: command.nullable(),
  health_check: healthCheck.nullable(),
  restart_policy: restartPolicy,
  restart_max_retries: z.int().min(0).max(1000).meta({ description: 'With `on-failure`: give up after so many; 0 never gives up.', example: 0 }),
  pull_policy: pullPolicy,
  volumes,
  published_ports: publishedPorts,
  drain_timeout: seconds(0, 'Seconds that open requests and WebSockets get to end when the app is replaced.', 30),
  stop_timeout: seconds(0, 'Seconds between SIGTERM and SIGKILL.', 10),
};

/** What a user sets of an app, besides its slug and its environment. Kept in the database as it stands here. */
export type AppSettings = z.infer<z.ZodObject<typeof settings>>;

export const app = z
  .strictObject({
    id: idOf('app', 'Id of the app.'),
    project_id: idOf('project', 'The project it belongs to.'),
    environment_id: environmentId,
    server_id: idOf('server', 'The server it is placed on; null until one is registered.').nullable(),
    slug,
    ...settings,
    env: z
      .record(z.string(), z.strictObject({ has_value: z.literal(true), fingerprint: z.string() }))
      .meta({ description: 'Environment variables without their values; `GET /apps/{appId}/env` shows them.', example: { DATABASE_URL: { has_value: true, fingerprint: '9f2c41d07a3b' } } }),
    status: z.enum(appStatuses).meta({ description: 'As the engine last told; transitions arrive within 2 s.', example: 'running' }),
    status_reason: z.string().nullable().meta({ description: 'What made it so, where there is something to say.', example: null }),
    status_since: timestamp('When the status last changed.'),
    server_status: z.enum(serverStatuses).nullable().meta({ description: 'State of the server: when it is not `online`, `status` is the last one known.', example: 'online' }),
    cpu_usage: z.number().meta({ description: 'Percent of one core, from the report of the last 30 s; 0 when unknown.', example: 1.5 }),
    memory_usage: z.number().meta({ description: 'MB, from the report of the last 30 s; 0 when unknown.', example: 24.1 }),
    url: z.string().nullable().meta({ description: 'Where the app answers; null for a worker.', example: 'https://my-app-app.example.com' }),
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When its settings were last changed.'),
  })
  .meta({ id: 'App', description: 'An app: one image, its settings, and the container that runs it.' });
export type App = z.infer<typeof app>;
export const appPage = pageOf(app, 'AppPage');

export const createApp = z
  .strictObject({
    ...settings,
    slug,
    description: description.default(''),
    image: settings.image.default(null),
    internal_port: settings.internal_port.default(80),
    git_repo_url: settings.git_repo_url.default(null),
    git_provider: settings.git_provider.default(null),
    cpu_limit: settings.cpu_limit.default(null),
    memory_limit: settings.memory_limit.default(null),
    command: settings.command.default(null),
    health_check: settings.health_check.default(null),
    restart_policy: restartPolicy.default('unless-stopped'),
    restart_max_retries: settings.restart_max_retries.default(0),
    pull_policy: pullPolicy.default('missing'),
    volumes: volumes.default([]),
    published_ports: publishedPorts.default([]),
    drain_timeout: settings.drain_timeout.default(30),
    stop_timeout: settings.stop_timeout.default(10),
    env: z.record(envName, envValue).default({}).meta({ description: 'Environment variables.', example: { LOG_LEVEL: 'info' } }),
    environment_id: idOf('environment', 'An environment of the project; the default one when left out.').optional(),
    server_id: idOf('server', 'Where to place it; the first server when left out.').optional(),
  })
  .meta({ id: 'CreateApp' });
export type CreateApp = z.infer<typeof createApp>;

export const updateApp = z
  .strictObject({
    ...settings,
    slug,
    environment_id: environmentId,
    env: z
      .record(envName, envValue.nullable())
      .meta({ description: 'Merged into what is there (RFC 7396): a value sets, null removes, the rest stays.', example: { LOG_LEVEL: 'debug', OLD: null } }),
  })
  .partial()
  .meta({ id: 'UpdateApp', description: 'Only the fields given are changed. `cpu_limit` and `memory_limit` change on the running container, without a restart; everything else takes effect with the next deploy.' });
export type UpdateApp = z.infer<typeof updateApp>;

export const duplicateApp = z
  .strictObject({
    slug,
    name: name.optional().meta({ description: 'Name for people; that of the app when left out.', example: 'my-app staging' }),
    environment_id: idOf('environment', 'Where the copy goes, in this project or another one; where the app is when left out.').optional(),
  })
  .meta({ id: 'DuplicateApp' });
export type DuplicateApp = z.infer<typeof duplicateApp>;

export const appEnv = z
  .strictObject({ env: z.record(z.string(), z.string()).meta({ description: 'Names and values.', example: { LOG_LEVEL: 'info' } }) })
  .meta({ id: 'AppEnv', description: 'The environment with its values.' });

export const appQuery = pageQuery.extend({ environment_id: idOf('environment', 'Only apps in this environment.').optional() });
export type AppQuery = z.infer<typeof appQuery>;
