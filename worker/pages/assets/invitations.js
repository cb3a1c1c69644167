/** Who is invited and has not come yet: for administrators. */
import { announce, button, confirmed, element, get, onSubmit } from './elements.js';
import { copy } from './copy.js';
import { call, listAll } from './session.js';
import { timeOf } from './times.js';

/** @typedef {{ id: string, email: string, role: string, grants: string[], expires_at: string }} Invitation */

export async function showInvitations() {
  const form = get('new-invitation', HTMLFormElement);
  onSubmit(form, async () => {
    const data = new FormData(form);
    const { email, role } = Object.fromEntries(data);
    const made = await call('POST', '/invitations', { email, role, grants: data.getAll('grants') });
    form.reset();
    await list({ [made.id]: linkOf(made) });
    announce(`The invitation of ${made.email} is made. No mail is sent: copy the link now and hand it over, it is not shown again.`);
    document.querySelector(`[data-link="${made.id}"]`)?.scrollIntoView({ block: 'nearest' });
  });
  await list();
}

/**
 * The part behind the `#` is not sent to any host.
 * @param {{ token: string, email: string }} made
 */
function linkOf({ token, email }) {
  return `${location.origin}/invitation#${new URLSearchParams({ token, email })}`;
}

/** @param {Record<string, string>} [links] of those that have just been made, by id */
async function list(links = {}) {
  /** @type {Invitation[]} */
  const invitations = await listAll('/invitations');
  get('invitations', HTMLElement).hidden = invitations.length === 0;
  get('invitations', HTMLElement).querySelector('tbody')?.replaceChildren(...invitations.map((invitation) => row(invitation, links[invitation.id])));
}

/**
 * @param {Invitation} invitation
 * @param {string} [link]
 */
function row({ id, email, role, grants, expires_at: end }, link) {
  const cell = element('code', { class: 'key', 'data-link': id }, link ?? 'not shown again');
  const copying = button('Copy', async () => announce(await copy(async () => link ?? '', (text) => (cell.textContent = text))), { 'aria-label': `Copy the link for ${email}` });
  const revoking = button('Take back', async () => {
    if (!(await confirmed(`Take the invitation of ${email} back? Its link works no more.`, 'Take back'))) return;
    await call('DELETE', `/invitations/${id}`);
    await list();
    announce(`The invitation of ${email} is taken back.`);
  }, { 'aria-label': `Take the invitation of ${email} back`, 'data-revoke': id });
  const actions = link === undefined ? [revoking] : [copying, ' ', revoking];
  return element('tr', {}, element('th', { scope: 'row' }, email), element('td', {}, [role, ...grants].join(', ')), element('td', {}, cell), element('td', {}, timeOf(end, 'never')), element('td', { class: 'actions' }, ...actions));
}
