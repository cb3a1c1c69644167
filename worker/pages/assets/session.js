/**
 * The login session of this browser: its token is kept by each tab for itself, gone with the last of them, and handed from tab to tab of this origin. Calls of the API carry it
 * in the header, as those of everybody else.
 */

const key = 'dockup.token';
const tabs = new BroadcastChannel('dockup');

/** @type {((token: string) => void) | undefined} */
let waiting;

tabs.addEventListener('message', ({ data }) => {
  const own = token();
  if (data.kind === 'wanted' && own !== null) tabs.postMessage({ kind: 'token', token: own });
  if (data.kind === 'token') waiting?.(data.token);
  if (data.kind === 'logged out' && own !== null) {
    sessionStorage.removeItem(key);
    toLogin();
  }
});

export function token() {
  return sessionStorage.getItem(key);
}

/**
 * The token of this tab, or of another one that is open.
 * @returns {Promise<string | null>}
 */
export async function findToken() {
  if (token() !== null) return token();
  const found = await new Promise((/** @type {(token: string | null) => void} */ resolve) => {
    waiting = resolve;
    tabs.postMessage({ kind: 'wanted' });
    setTimeout(() => resolve(null), 200);
  });
  waiting = undefined;
  if (found !== null) sessionStorage.setItem(key, found);
  return found;
}

/**
 * From now on requests are sent as this session, and the pages that are not for everybody open to it.
 * @param {string} started
 */
export async function keepSession(started) {
  sessionStorage.setItem(key, started);
  await openPages();
}

/** Sets the cookie that opens pages: the browser cannot send the header when it opens an address. */
export async function openPages() {
  const response = await fetch('/session', { method: 'POST', headers: { Authorization: `Bearer ${token()}` } });
  if (!response.ok) throw await toRefusal(response);
}

export async function logOut() {
  await fetch('/session', { method: 'DELETE' });
  // A session that has ended meanwhile needs no end.
  await fetch('/api/v1/auth/logout', { method: 'POST', headers: { Authorization: `Bearer ${token()}` } });
  sessionStorage.removeItem(key);
  tabs.postMessage({ kind: 'logged out' });
  location.assign('/login');
}

function toLogin() {
  if (location.pathname === '/login') return;
  location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
}

/** What the API said instead of doing it. */
export class Refusal extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   */
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

/**
 * One call of the API. A session that has ended leads to the login page.
 * @param {string} method
 * @param {string} path below `/api/v1`
 * @param {unknown} [body]
 */
export async function call(method, path, body) {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${token()}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.status === 401) {
    sessionStorage.removeItem(key);
    toLogin();
  }
  if (!response.ok) throw await toRefusal(response);
  return response.status === 204 ? null : response.json();
}

/**
 * All entries of a list, page by page.
 * @param {string} path
 */
export async function listAll(path) {
  const entries = [];
  let cursor = '';
  do {
    const page = await call('GET', `${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    entries.push(...page.data);
    cursor = page.next_cursor ?? '';
  } while (cursor !== '');
  return entries;
}

/** @param {Response} response */
export async function toRefusal(response) {
  const problem = await response.json().catch(() => ({}));
  return new Refusal(problem.code ?? 'internal_error', problem.detail ?? problem.title ?? `The host answered ${response.status}.`);
}
