/** The few HTML pages of the API: plain, without scripts. */
import { errorCodes, errorEntry } from '../../shared/errors.ts';

/** One stylesheet for all, so that the policy needs no `unsafe-inline` (SEC-20). */
export const stylesheet = `:root{color-scheme:light dark;font:16px/1.55 system-ui,sans-serif}
body{max-width:44rem;margin:3rem auto;padding:0 1.25rem}
h1{font-size:1.6rem;margin:0 0 .5rem}
code,pre{font-family:ui-monospace,monospace;font-size:.92em}
pre{padding:.8rem 1rem;overflow:auto;border:1px solid #8886;border-radius:.4rem}
a{color:inherit;text-underline-offset:.2em}
td,th{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0}`;

export const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function renderLanding(publicUrl: string): string {
  return page(
    'Dockup',
    `<h1>Dockup</h1>
<p>This host deploys containers on its owner's machines. Everything it does, it does through an HTTP JSON API.</p>
<ul>
<li><a href="/llms.txt">llms.txt</a>: the short guide, for agents and for people in a hurry</li>
<li><a href="/api/v1/openapi.json">OpenAPI 3.1 document</a>: every endpoint, response and error code</li>
<li><a href="/errors">Error codes</a></li>
<li><a href="/api/v1/system/status">Status of this host</a></li>
</ul>
<p>Log in and list your projects:</p>
<pre>curl -X POST ${publicUrl}/api/v1/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{"email":"you@example.com","password":"…"}'

curl ${publicUrl}/api/v1/projects -H "Authorization: Bearer $TOKEN"</pre>`,
  );
}

/** Where the `type` of every problem document leads. */
export function renderErrors(): string {
  const rows = errorCodes.map((code) => `<tr id="${code}"><td><code>${code}</code></td><td>${errorEntry(code).status}</td><td>${errorEntry(code).title}</td></tr>`);
  return page('Error codes · Dockup', `<h1>Error codes</h1>\n<table>\n<tr><th>code</th><th>status</th><th>meaning</th></tr>\n${rows.join('\n')}\n</table>`);
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}
