/** docs/dokploy.md: what works of Dokploy's API, procedure by procedure. `npm run docs:dokploy` writes it, a test compares. */
import { dokployVersion } from './catalog.ts';
import type { Listed } from './procedure.ts';

export function renderPage(listed: readonly Listed[]): string {
  const working = listed.filter(({ procedure }) => procedure !== null).length;
  const routers = Map.groupBy(listed, ({ path }) => path.split('.')[0] ?? '');
  return `${introduction(working, listed.length - working)}
## What a procedure needs

| Needs | Who may |
| --- | --- |
| \`self\` | everybody who may come in: every session and every key. \`user.get\` lists API keys only to those with \`account\` |
| \`apps:read\`, \`logs\` | a session, a key without scopes, and one with the scope of this name; viewers of what is shared as well |
| \`apps:write\`, \`deploy\` | the same, and no viewers |
| \`delete_project\` | as \`apps:write\`, and only the owner of the project and administrators: no developers with whom it is shared |
| \`admin\` | administrators: on a session, with a key without scopes, or with the scope \`admin\` |
| \`account\`, \`issue_key\` | one's own keys, and making one: on a session, with a key without scopes, or with the scope \`admin\` |
| \`sign_in\` | a session alone, no key: \`user.listSessions\` and \`user.revokeSession\` take the token that \`POST /api/v1/auth/login\` answers |

The scope \`admin\` covers all the others: its key may do whatever its owner may, but for what takes a session. A key that is limited to projects or apps has none of \`admin\`, \`account\` and \`issue_key\`, whatever its scopes, and makes no new
project. \`project.duplicate\` and \`environment.duplicate\` need \`secrets:read\` besides where an application that is copied has variables; \`application.one\` tells variables to those with \`secrets:read\`.

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
- **tRPC**: \`/api/trpc/<router>.<procedure>\`, input as \`?input=\` or as the body, in the envelope \`{"json": …}\` or bare; the answer is \`{"result":{"data":{"json": …}}}\`. One procedure a request:
  the batches of tRPC are not taken.
- **Keys**: an API key of Dockup as \`x-api-key\` or as \`Authorization: Bearer\`. The token of a login session is taken as well. A member needs the grant \`api_tokens\`, looked at on
  every call. What else a procedure needs is [below](#what-a-procedure-needs).
- **Errors** have the bodies of Dokploy, and \`data.dockupCode\` with the code that the API of Dockup has for it. What is not theirs is 404 to a caller, as if it did not exist.
- **Sending again**: \`Idempotency-Key\` is of the API of Dockup alone. Here it is not looked at, and a request that is sent again is carried out again.
- \`settings.getOpenApiDocument\` describes all of it, with schemas of the replies.

## What differs

- **Domains**: an app has one, its slug under the base domain. \`domain.create\` and \`domain.delete\` give and take it, \`domain.generateDomain\` tells it; another host is refused. What they
  change takes effect with the next deployment, as a change of the port does: create the domain, then deploy.
- **Variables**: \`env\` of an application is text, as there. It is null in lists, and for those who may not read secrets (keys without \`secrets:read\`, viewers). Only a text sets it, by
  \`application.update\` and \`application.saveEnvironment\`: an empty one removes all variables, null or nothing leaves them as they are, so a row may be written back as it was read. Projects and environments have none, and references to them are refused.
- **A single application** that is shared, or that a key is limited to, is read and found by \`application.one\` and \`application.search\`, with the ids of its project and environment, and no names of theirs. \`project.all\` lists the
  projects that are reached as a whole.
- **Statuses**: an application is \`done\` while it runs, \`running\` while something is deployed or starts, \`error\` when the last deployment failed or it crashed, \`idle\` when it is stopped, paused or was never deployed.
- **Deploying** is always queued, also while the server is away: \`deployment.all\` tells what became of it. A failed one leaves the version before serving, and the status still says \`error\`. The
  \`title\` given to \`application.deploy\` is told by an event of the app alone, its \`description\` is not kept.
- **Removing**: \`project.remove\` and \`environment.remove\` take no applications with them: while there are any, they answer 409 and change nothing. The default environment goes with its project.
- **Volumes**: mounts are volumes of an app, no folders or files of the server. Removing a mount keeps its data.
- **Servers** are single engines whose executors dial in: nothing is done by SSH, and there is no swarm. The whole host is one organization.
- **Layouts**: \`project.all\` answers today's \`environments\` and the lists of full rows that there were up to v0.24, in one object.
- **Nothing is swallowed**: a field that has no counterpart may be sent with the value it has already, or empty; with any other the request is 501 and changes nothing. Fields that
  Dokploy does not know are ignored, as there.
`;
}
