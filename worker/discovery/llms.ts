import { appHost } from '../../shared/names.ts';
import type { DefinedRoute } from '../route.ts';

interface Host {
  publicUrl: string;
  /** Where apps answer, with `{slug}` in it. */
  appUrl: string;
}

/** `/llms.txt`: what an agent needs to use this host, with its real addresses. The endpoint table is the registry. */
export function renderLlms({ publicUrl, appUrl }: Host, routes: readonly DefinedRoute[]): string {
  const rows = routes.filter((route) => route.access.kind !== 'executor').map((route) => `| ${route.summary} | \`${route.method.toUpperCase()} ${route.path}\` |`);
  return `# Dockup PaaS

> Dockup is a self-hosted container Platform-as-a-Service. It deploys Docker containers and exposes them at \`${appUrl}\`.
> Everything is controllable via a fully documented HTTP JSON API. **Agents should use the API.**

## Base URL

All API calls use ${publicUrl}. API root is \`/api/v1\`.

## Machine-readable docs (fetch these first)

- [OpenAPI 3.1 spec](${publicUrl}/api/v1/openapi.json): every endpoint, request, response and error code
- [OpenAPI (well-known)](${publicUrl}/.well-known/openapi.json): the same bytes
- [Swagger alias](${publicUrl}/swagger.json): the same bytes
- [AI plugin manifest](${publicUrl}/.well-known/ai-plugin.json)
- [API catalog](${publicUrl}/.well-known/api-catalog): RFC 9727
- [Error codes](${publicUrl}/errors): what each \`code\` means
- [Public status](${publicUrl}/api/v1/system/status): no auth; use it to verify that the host is Dockup

## Authentication

Send \`Authorization: Bearer <token>\` on every API call. Two kinds of token:

1. **API key**: starts with \`dkp_\`. Preferred for agents. \`POST /api/v1/api-keys {"name": "…"}\` makes one, also one that may only do some things (\`scopes\`) to some apps (\`apps\`). \`403 grant_missing\`: ask an administrator; \`403 scope_missing\`: the key was made for less.
2. **JWT**: \`POST /api/v1/auth/login\` with \`{email, password}\` returns one; where it answers \`401 second_factor_required\`, ask for a \`code\` and send it along.

## Golden-path workflow (deploy an app)

\`\`\`
# 1. List projects, create one if empty
GET  /api/v1/projects
POST /api/v1/projects  {"name": "My Project"}

# 2. Create an app in that project
POST /api/v1/projects/{projectId}/apps
{
  "name": "my-app",
  "slug": "my-app",          # globally unique, becomes subdomain
  "image": "nginx:alpine",
  "internal_port": 80
}

# 3. Deploy it; ?wait=60 answers when it serves, or says why not
POST /api/v1/apps/{appId}/deploy
# or, preferred for CI/CD (slug is stable):
POST /api/v1/deploy/{slug}

# 4. App is live at ${appUrl}
\`\`\`

## Rules that trip agents up

- **Slug is globally unique** across all users. Lowercase, hyphens, no reuse. Duplicate: \`409 slug_taken\`. Pick a unique slug or update the existing app.
- **Errors** are \`application/problem+json\`: look at \`code\`; \`errors[].pointer\` names the field.
- **A failed deploy** leaves the old version serving. With \`?wait=\` it is an error whose \`deployment.failure\` holds phase, exit code, last probe and the last log lines.
- **Updates** (\`PUT\` and \`PATCH\` are the same) change only the fields given. \`env\` is merged: null removes a variable. \`cpu_limit\` and \`memory_limit\` apply to the running container at once, without a restart; the rest takes effect with the next deploy.
- **Upload a local image**: the output of \`docker save\` as the body of \`POST /api/v1/deploy/{slug}\`. Where a body may not be that large, or the line is bad: \`POST /api/v1/apps/{appId}/uploads\` (tus 1.0, resumable), then \`POST /api/v1/deploy/{slug}?upload={uploadId}\`.
- **Logs**: \`since\` takes a time, an age (\`15m\`) or the \`cursor\` of a line. \`/logs/stream\` follows: as a WebSocket, or with plain curl as server-sent events.
- **WebSockets** (logs, stats, exec) take the token as \`?token=\`, or better a ticket: \`POST /api/v1/ws-tickets\`, then \`?ticket=\`; browsers may also ask for the subprotocols \`dockup.v1, dockup.bearer.<token>\`. A refusal is the reason of the close.
- **Run a command**: \`POST /api/v1/apps/{appId}/exec {"cmd": ["ls", "-l"]}\` answers \`{exit_code, stdout, stderr, truncated}\`; no shell is added, so ask for one: \`["/bin/sh", "-c", "…"]\`.
- **Volumes** outlive deploys. An app that has any is deployed stop-first: a short pause instead of two writers.
- **Rollback**: \`POST /api/v1/apps/{appId}/rollback\` brings the image before back, by the same health-checked way.
- **No reply came?** Send the same POST again with the same \`Idempotency-Key\` (a UUID of your own, new for every new request): it is answered as the first time, and done once.
- **429** \`rate_limited\`: wait for \`Retry-After\` seconds. Every reply tells in \`RateLimit\` how many requests are left (\`r\`) and for how long (\`t\`).
- **No executor connected**: \`503 executor_offline\` with \`Retry-After\`, \`offline_since\` and \`offline_reason\`. Add \`?queue=true\` to a deploy or a rollback to have it done when the machine is back: \`waiting_for\` is then \`server\`, and \`expires_at\` tells until when it waits.
- **All \`/apps/{appId}\` routes accept the slug** as well as the id.

## Operations

| What | Endpoint |
|------|----------|
${rows.join('\n')}

## Quick example

\`\`\`
curl -X POST ${publicUrl}/api/v1/projects/$PID/apps \\
  -H "Authorization: Bearer $HBR" \\
  -H "Content-Type: application/json" \\
  -d '{"name":"demo","slug":"demo","image":"nginx:alpine","internal_port":80}'

curl -X POST "${publicUrl}/api/v1/deploy/demo?wait=60" \\
  -H "Authorization: Bearer $HBR"

curl ${appUrl.replace('{slug}', 'demo')}
\`\`\`

## Not in this release

Answered with \`501\` and a code: deploying from a git repository, autoscale, registries, git repos.
`;
}

export function toAppUrlTemplate(baseDomain: string, ingress: { scheme: 'http' | 'https'; port: number } | null): string {
  const { scheme, port } = ingress ?? { scheme: 'https', port: 443 };
  const suffix = port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`;
  return `${scheme}://${appHost('{slug}', baseDomain)}${suffix}`;
}
