/** Where one is logged in, and the password for it. */
import { announce, button, element, get, onSubmit } from './elements.js';
import { call, listAll } from './session.js';
import { timeOf } from './times.js';

/** @typedef {{ id: string, user_agent: string | null, current: boolean, last_used_at: string, expires_at: string }} Session */

export async function showSessions() {
  const form = get('new-password', HTMLFormElement);
  onSubmit(form, async () => {
    const { now: current_password, new: new_password } = Object.fromEntries(new FormData(form));
    await call('POST', '/auth/password', { current_password, new_password });
    form.reset();
    await list();
    announce('The password is changed, and you are logged out everywhere else.');
  });
  await list();
}

async function list() {
  /** @type {Session[]} */
  const sessions = await listAll('/auth/sessions');
  get('sessions', HTMLElement).querySelector('tbody')?.replaceChildren(...sessions.map(row));
}

/** @param {Session} session */
function row({ id, user_agent: agent, current, last_used_at: used, expires_at: end }) {
  const name = agent ?? 'a client without a name';
  const ending = button('End', async () => {
    await call('DELETE', `/auth/sessions/${id}`);
    await list();
    announce('That session is ended.');
  }, { 'aria-label': `End the session of ${name}`, 'data-end': id });
  return element('tr', { 'data-session': id }, element('th', { scope: 'row' }, name), element('td', {}, timeOf(used, '')), element('td', {}, timeOf(end, '')), element('td', { class: 'actions' }, current ? 'this one' : ending));
}
