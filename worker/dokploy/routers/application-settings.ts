/**
 * Changing an application. `save…` sets every field it has, where null or nothing clears; `update` only those that are sent. Variables are set by a text alone, by either: rows that do not
 * tell them have null there, and may be sent back.
 */
import { z } from 'zod';
import { updateApp, type UpdateApp } from '../../../shared/api/apps.ts';
import { reachApp } from '../../services/access.ts';
import { changeApp, type LiveApp } from '../../services/apps.ts';
import { unsupportedField } from '../failure.ts';
import { isNothing, text } from '../fields.ts';
import { mutation, type Call, type Router } from '../procedure.ts';
import { applicationRow, toApplication } from '../rows/application.ts';
import { parseEnvText } from '../rows/env-text.ts';
import { fromBytesText, fromCommandFields, fromNanoCpus, toCommandFields } from '../rows/resources.ts';

type App = LiveApp['app'];

/** As Dokploy's forms send what is not filled in. */
const emptyAsNull = (value: unknown) => (value === '' ? null : value);
const image = z.preprocess(emptyAsNull, updateApp.shape.image.unwrap().unwrap().nullish());
const digits = z.preprocess((value) => (typeof value === 'number' ? String(value) : emptyAsNull(value)), z.string().regex(/^\d{1,18}$/).nullish());
const unset = z.preprocess(emptyAsNull, z.string().nullish());
const fieldsOf = (app: App) => toApplication(app, { latest: null });

const done = z.literal(true);
const env = text.nullish().meta({ description: 'All variables, as lines of `NAME=value`; an empty text removes them. Null or nothing leaves them as they are.' });

const changes = applicationRow
  .omit({ env: true, createdAt: true, applicationStatus: true })
  .partial()
  .extend({
    applicationId: text,
    name: updateApp.shape.name,
    description: updateApp.shape.description.unwrap().nullish(),
    env,
    dockerImage: image,
    memoryLimit: digits,
    cpuLimit: digits,
  });

const mapped = new Set(['applicationId', 'name', 'description', 'env', 'dockerImage', 'memoryLimit', 'cpuLimit', 'command', 'args', 'appName', 'sourceType', 'buildType']);

/** A field without a counterpart here may say what it says already, or nothing. @throws AppError not_available_yet */
function refuseUnsupported(app: App, input: z.infer<typeof changes>): void {
  const current = fieldsOf(app) as Record<string, unknown>;
  for (const [field, value] of Object.entries(input)) {
    if (mapped.has(field) || value === undefined || isNothing(value) || JSON.stringify(value) === JSON.stringify(current[field])) continue;
    throw unsupportedField(field, 'PATCH /api/v1/apps/{appId} has the settings that there are.');
  }
  if (input.sourceType !== undefined && input.sourceType !== 'docker' && input.sourceType !== current['sourceType']) throw unsupportedField('sourceType', 'Only `docker` is deployed.');
}

function toChanges(app: App, { name, description, env, dockerImage, memoryLimit, cpuLimit, command, args, appName }: z.infer<typeof changes>): UpdateApp {
  const isCommandSent = command !== undefined || args !== undefined;
  const known = toCommandFields(app.settings.command);
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description: description ?? '' }),
    ...(env != null && { env: replaceEnv(app, env) }),
    ...(dockerImage !== undefined && { image: dockerImage }),
    ...(memoryLimit !== undefined && { memory_limit: fromBytesText(memoryLimit) }),
    ...(cpuLimit !== undefined && { cpu_limit: fromNanoCpus(cpuLimit) }),
    ...(isCommandSent && { command: fromCommandFields({ command: command ?? (command === null ? null : known.command), args: args ?? (args === null ? null : known.args) }) }),
    ...(appName !== undefined && { slug: appName }),
  };
}

/** All of the environment: what the text does not name is removed. */
function replaceEnv(app: App, env: string): Record<string, string | null> {
  const removed = Object.keys(app.envFingerprints).map((name) => [name, null] as const);
  return { ...Object.fromEntries(removed), ...parseEnvText(env) };
}

async function change({ ctx, actor }: Call, app: App, update: UpdateApp): Promise<true> {
  // What ours would refuse is refused in the same words, before anything is changed.
  await changeApp(ctx, actor, app, updateApp.parse(update));
  return true;
}

export const applicationSettings: Router = {
  update: mutation({
    needs: 'apps:write',
    input: changes,
    output: done,
    async run(call, input) {
      const app = await reachApp(call.ctx, call.actor, { id: input.applicationId, action: 'apps:write' });
      refuseUnsupported(app, input);
      return change(call, app, toChanges(app, input));
    },
  }),
  saveDockerProvider: mutation({
    needs: 'apps:write',
    input: z.object({ applicationId: text, dockerImage: image, username: unset, password: unset, registryUrl: unset }),
    output: done,
    async run(call, { applicationId, dockerImage, username, password }) {
      const app = await reachApp(call.ctx, call.actor, { id: applicationId, action: 'apps:write' });
      if (username != null || password != null) throw unsupportedField(username != null ? 'username' : 'password', 'Private registries are not available yet: upload the image (POST /api/v1/deploy/{slug}).');
      return change(call, app, { image: dockerImage ?? null, git_repo_url: null, git_provider: null });
    },
  }),
  saveEnvironment: mutation({
    needs: 'apps:write',
    input: z.object({ applicationId: text, env, buildArgs: unset, buildSecrets: unset, createEnvFile: z.boolean().nullish() }),
    output: done,
    async run(call, { applicationId, env, buildArgs, buildSecrets }) {
      const app = await reachApp(call.ctx, call.actor, { id: applicationId, action: 'apps:write' });
      if (buildArgs != null || buildSecrets != null) throw unsupportedField(buildArgs != null ? 'buildArgs' : 'buildSecrets', 'Nothing is built on a server yet.');
      return change(call, app, env == null ? {} : { env: replaceEnv(app, env) });
    },
  }),
  disconnectGitProvider: mutation({
    needs: 'apps:write',
    input: z.object({ applicationId: text }),
    output: done,
    run: async (call, { applicationId }) => change(call, await reachApp(call.ctx, call.actor, { id: applicationId, action: 'apps:write' }), { git_repo_url: null, git_provider: null }),
  }),
};

