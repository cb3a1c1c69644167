/** The pages of the API that anybody reads: without scripts. */
import { errorCodes, errorEntry } from '../../shared/errors.ts';
import { escapeText, renderPage } from '../pages/html.ts';

/** One stylesheet for all, that every page has. */
export const stylesheet = `:root{color-scheme:light dark;font:16px/1.55 system-ui,sans-serif}
body{max-width:44rem;margin:3rem auto;padding:0 1.25rem}
h1{font-size:1.6rem;margin:0 0 .5rem}
code,pre{font-family:ui-monospace,monospace;font-size:.92em}
pre{padding:.8rem 1rem;overflow:auto;border:1px solid #8886;border-radius:.4rem}
a{color:inherit;text-underline-offset:.2em}
td,th{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0}`;

export function renderLanding(publicUrl: string): string {
  const url = escapeText(publicUrl);
  return renderPage({
    title: 'Dockup',
    content: `<h1>Dockup</h1>
<p>This host deploys containers on its owner's machines. Everything it does, it does through an HTTP JSON API.</p>
<p><a href="/login">Log in</a>, then: your <a href="/settings">settings</a> (API keys, people and what they may do) and the API to try out in <a href="/swagger">Swagger UI</a>.</p>
<ul>
<li><a href="/llms.txt">llms.txt</a>: the short guide, for agents and for people in a hurry</li>
<li><a href="/api/v1/openapi.json">OpenAPI 3.1 document</a>: every endpoint, response and error code</li>
<li><a href="/errors">Error codes</a></li>
<li><a href="/api/v1/system/status">Status of this host</a></li>
</ul>
<p>Log in and list your projects without a browser:</p>
<pre>curl -X POST ${url}/api/v1/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{"email":"you@example.com","password":"…"}'

curl ${url}/api/v1/projects -H "Authorization: Bearer $TOKEN"</pre>`,
  });
}

/** Where the `type` of every problem document leads. */
export function renderErrors(): string {
  const rows = errorCodes.map((code) => `<tr id="${code}"><td><code>${code}</code></td><td>${errorEntry(code).status}</td><td>${errorEntry(code).title}</td></tr>`);
  return renderPage({ title: 'Error codes · Dockup', content: `<h1>Error codes</h1>\n<table>\n<tr><th>code</th><th>status</th><th>meaning</th></tr>\n${rows.join('\n')}\n</table>` });
}
