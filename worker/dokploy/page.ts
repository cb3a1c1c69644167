/** docs/dokploy.md: what works of Dokploy's API, procedure by procedure. `npm run docs:dokploy` writes it, a test compares. */
import { dokployVersion } from './catalog.ts';
import type { Listed } from './procedure.ts';

export function renderPage(listed: readonly Listed[]): string {
  const working = listed.filter(({ procedure }) => procedure !== null).length;
  const routers = Map.groupBy(listed, ({ path }) => path.split('.')[0] ?? '');
  return `${introduction(working, listed.length - working)}
## Every procedure

${[...routers].map(([name, procedures]) => renderRouter(name, procedures)).join('\n')}`;
}

function renderRouter(name: string, procedures: readonly Listed[]): string {
  const rows = procedures.map(({ path, method, procedure, instead }) => `| \`${path}\` | ${method.toUpperCase()} | ${procedure === null ? `501: ${escape(instead)}` : `works, needs \`${procedure.action}\``} |`);
  return `### ${name}

| Procedure | Method | |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}

function introduction(working: number, missing: number): string {
  return `<!-- Written by \`npm run docs:dokploy\`. -->
# Dokploy's API

Dockup answers the API of Dokploy ${dokployVersion}, so that its CLI, its MCP server, its SDKs and the scripts that were written for it go on working. Of its ${working + missing} procedures
**${working} work** and **${missing} answer 501** with what to use instead.

\`\`\`
curl http://localhost:3000/api/project.all -H "x-api-key: $HBR"
\`\`\`

## How it is spoken

- **Plain**: \`GET /api/<router>.<procedure>?name=value\`, \`POST /api/<router>.<procedure>\` with a JSON body. The answer is the bare value; a command that answers nothing has an empty body.
- **tRPC**: \`/api/trpc/<router>.<procedure>\`, input as \`?input=\` or as the body, in the envelope \`{"json": …}\` or bare; the answer is \`{"result":{"data":{"json": …}}}\`.
- **Keys**: an API key of Dockup as \`x-api-key\` or as \`Authorization: Bearer\`. A member needs the grant \`api_tokens\`, looked at on every call. What a key with scopes may do is in the table: \`self\` is
  open to every key, the others are the names of scopes.
- **Errors** have the bodies of Dokploy, and \`data.dockupCode\` with the code that the API of Dockup has for it. What is not theirs is 404 to a caller, as if it did not exist.
- \`settings.getOpenApiDocument\` describes all of it, with schemas of the replies.

## What differs

- **Domains**: an app has one, its slug under the base domain. \`domain.create\` and \`domain.delete\` give and take it, \`domain.generateDomain\` tells it; another host is refused.
- **Variables**: \`env\` of an application is text, as there. It is null in lists, and for those who may not read secrets (keys without \`secrets:read\`, viewers). Only a text sets it, by
  \`application.update\` and \`application.saveEnvironment\`: an empty one removes all variables, null or nothing leaves them as they are, so a row may be written back as it was read. Projects and environments have none, and references to them are refused.
- **A single application** that is shared, or that a key is limited to, is read and found by \`application.one\` and \`application.search\`, with the ids of its project and environment, and no names of theirs. \`project.all\` lists the
  projects that are reached as a whole.
- **Statuses**: an application is \`done\` while it runs, \`running\` while something is deployed or starts, \`error\` when the last deployment failed or it crashed, \`idle\` when it is stopped, paused or was never deployed.
- **Deploying** is always queued, also while the server is away: \`deployment.all\` tells what became of it. A failed one leaves the version before serving, and the status still says \`error\`.
- **Volumes**: mounts are volumes of an app, no folders or files of the server. Removing a mount keeps its data.
- **Servers** are single engines whose executors dial in: nothing is done by SSH, and there is no swarm. The whole host is one organization.
- **Layouts**: \`project.all\` answers today's \`environments\` and the lists of full rows that there were up to v0.24, in one object.
- **Nothing is swallowed**: a field that has no counterpart may be sent with the value it has already, or empty; with any other the request is 501 and changes nothing.
`;
}
