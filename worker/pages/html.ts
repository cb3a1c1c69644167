/** What every page has: plain HTML, styles and scripts from files of its own, so that no policy needs `unsafe-inline` (SEC-20). */
import type { Context as HonoContext } from 'hono';
import type { BaseEnv } from '../route.ts';

interface Page {
  title: string;
  /** HTML. */
  content: string;
  /** Names of files in `assets/`. */
  styles?: readonly string[];
  scripts?: readonly string[];
}

const base = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Of a page without scripts. */
export const pagePolicy = base;

/** Scripts of our own that call the API of this host. No text becomes HTML: the browser refuses whatever would do that. */
export const scriptedPolicy = `${base}; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'`;

export function answerHtml(c: HonoContext<BaseEnv>, text: string, { policy = pagePolicy, status = 200 }: { policy?: string; status?: 200 | 403 } = {}): Response | Promise<Response> {
  return c.html(text, status, { 'Content-Security-Policy': policy, 'Referrer-Policy': 'no-referrer' });
}

export function renderPage({ title, content, styles = [], scripts = [] }: Page): string {
  const head = ['<link rel="icon" href="/logo.svg">', '<link rel="stylesheet" href="/page.css">', ...styles.map((name) => `<link rel="stylesheet" href="/assets/${name}">`), ...scripts.map(toScript)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
${head.join('\n')}
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}

/** Both kinds run in their order, once the page is there. */
function toScript(name: string): string {
  return name.endsWith('-bundle.js') ? `<script defer src="/assets/${name}"></script>` : `<script type="module" src="/assets/${name}"></script>`;
}

/** As text, also in an attribute. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
