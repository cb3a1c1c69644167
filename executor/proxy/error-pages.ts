/** What a visitor sees when HAProxy has to answer itself. Whole HTTP messages, because that is what its `errorfile` takes. Pure. */

const pages = {
  404: { reason: 'Not Found', title: 'No app at this address', text: 'Check the spelling of the address. If you have just deployed the app, its first deployment may not have finished.' },
  502: { reason: 'Bad Gateway', title: 'The app gave no valid answer', text: 'The connection to the app broke before it answered. Its log shows more.' },
  503: { reason: 'Service Unavailable', title: 'The app is not running', text: 'It is stopped, paused, or cannot be reached at its port. Try again in a moment; the status and the log of the app show more.' },
  504: { reason: 'Gateway Timeout', title: 'The app took too long to answer', text: 'The request was given up. The log of the app shows more.' },
} as const;

type PageStatus = keyof typeof pages;

export const errorPages = new Map(
  ([404, 502, 503, 504] as const).map((status) => [status, { file: `${status}.http`, message: renderMessage(status) }] as const),
);

function renderMessage(status: PageStatus): string {
  const { reason, title, text } = pages[status];
  const body = renderPage(status, title, text);
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'content-type: text/html; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    "content-security-policy: default-src 'none'; style-src 'unsafe-inline'",
    ...(status === 503 ? ['retry-after: 5'] : []),
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function renderPage(status: PageStatus, title: string, text: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto; padding: 0 1.5rem; color: #1c1e21; background: #fff }
  h1 { font-size: 1.5rem; margin: 0 }
  small { color: #666 }
  @media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #16181b } small { color: #999 } }
</style>
<h1>${title}</h1>
<p>${text}</p>
<small>${status} · Dockup</small>
</html>
`;
}
