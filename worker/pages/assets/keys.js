/** One's own API keys. */
import { announce, button, confirmed, element, get, onSubmit } from './elements.js';
import { copy } from './copy.js';
import { call, listAll } from './session.js';
import { timeOf } from './times.js';

/** @typedef {{ id: string, name: string, prefix: string, revealable: boolean, scopes: string[] | null, projects: string[] | null, apps: string[] | null, expires_at: string | null, last_used_at: string | null }} Key */

/** @param {boolean} mayMake whether keys are granted at all */
export async function showKeys(mayMake) {
  get('no-grant', HTMLElement).hidden = mayMake;
  const form = get('new-key', HTMLFormElement);
  const all = get('all-scopes', HTMLInputElement);
  all.addEventListener('change', () => (get('scopes', HTMLElement).hidden = all.checked));
  onSubmit(form, async () => {
    const data = new FormData(form);
    const scopes = all.checked ? null : data.getAll('scopes');
    if (scopes?.length === 0) throw new Error('Choose at least one thing that the key may do.');
    const made = await call('POST', '/api-keys', { name: data.get('name'), scopes, expires_at: endOf(String(data.get('end'))) });
    form.reset();
    get('scopes', HTMLElement).hidden = true;
    await list({ [made.id]: made.key });
    announce(`The key “${made.name}” is made. Copy it now${made.revealable ? '' : ': it is not shown again'}.`);
    document.querySelector(`[data-copy="${made.id}"]`)?.scrollIntoView({ block: 'nearest' });
  });
  await list();
  form.hidden = !mayMake;
}

/** @param {Record<string, string>} [shown] keys in full, by id */
async function list(shown = {}) {
  /** @type {Key[]} */
  const keys = await listAll('/api-keys');
  get('no-keys', HTMLElement).hidden = keys.length > 0;
  get('keys', HTMLElement).hidden = keys.length === 0;
  get('keys', HTMLElement).querySelector('tbody')?.replaceChildren(...keys.map((key) => row(key, shown[key.id])));
}

/**
 * @param {Key} key
 * @param {string} [text] in full
 */
function row(key, text) {
  const cell = element('code', { class: 'key', 'data-key': key.id }, text ?? `${key.prefix}…`);
  // A key that is not kept can be copied as long as the page shows it.
  const read = async () => text ?? (await call('POST', `/api-keys/${key.id}/reveal`)).key;
  const copying = button('Copy', async () => announce(await copy(read, (shown) => (cell.textContent = shown))), { 'aria-label': `Copy the key ${key.name}`, 'data-copy': key.id });
  const showing = button(text === undefined ? 'Show' : 'Hide', async () => {
    const isHidden = showing.textContent === 'Show';
    cell.textContent = isHidden ? await read() : `${key.prefix}…`;
    showing.textContent = isHidden ? 'Hide' : 'Show';
  }, { 'aria-label': `Show or hide the key ${key.name}`, 'data-show': key.id });
  const deleting = button('Delete', async () => {
    if (!(await confirmed(`Delete the key “${key.name}”? Whatever uses it is refused from then on.`, 'Delete'))) return;
    await call('DELETE', `/api-keys/${key.id}`);
    await list();
    announce(`The key “${key.name}” is deleted.`);
  }, { 'aria-label': `Delete the key ${key.name}`, 'data-delete': key.id });
  const actions = key.revealable || text !== undefined ? [copying, ' ', showing, ' ', deleting] : [deleting];
  return element('tr', {}, element('th', { scope: 'row' }, key.name), element('td', {}, cell), element('td', {}, limitsOf(key)), element('td', {}, timeOf(key.expires_at, 'never')), element('td', {}, timeOf(key.last_used_at, 'never')), element('td', { class: 'actions' }, ...actions));
}

/** @param {Key} key */
function limitsOf({ scopes, projects, apps }) {
  const reached = [...(projects ?? []), ...(apps ?? [])].length;
  const reach = projects === null && apps === null ? '' : `, in ${reached} projects or apps only`;
  return (scopes === null ? 'everything' : scopes.join(', ')) + reach;
}

/** The last moment of that day, where its reader is. @param {string} day */
function endOf(day) {
  return day === '' ? null : new Date(`${day}T23:59:59`).toISOString();
}
