/** People and what they may do: for administrators. */
import { announce, attempt, confirmed, element, get, onSubmit } from './elements.js';
import { call, listAll } from './session.js';

/** @typedef {{ id: string, email: string, role: string, grants: string[] }} User */

/** @param {User} me */
export async function showUsers(me) {
  const form = get('new-user', HTMLFormElement);
  onSubmit(form, async () => {
    const data = new FormData(form);
    const { email, password, role } = Object.fromEntries(data);
    const made = await call('POST', '/users', { email, password, role, grants: data.getAll('grants') });
    form.reset();
    await list(me);
    announce(`${made.email} can log in now.`);
  });
  await list(me);
  get('people', HTMLElement).hidden = false;
}

/** @param {User} me */
async function list(me) {
  /** @type {User[]} */
  const users = await listAll('/users');
  get('users', HTMLElement).querySelector('tbody')?.replaceChildren(...users.map((user) => row(user, me)));
}

/**
 * @param {User} user
 * @param {User} me
 * @returns {HTMLElement}
 */
function row(user, me) {
  const made = element('tr', { 'data-user': user.id }, element('th', { scope: 'row' }, user.email), element('td', {}, roleOf(user, me, redraw)), element('td', {}, grantsOf(user, redraw)));
  return made;

  /**
   * The row as the user is now, the focus where it was.
   * @param {User} now
   */
  function redraw(now) {
    const name = document.activeElement?.getAttribute('name');
    const fresh = row(now, me);
    made.replaceWith(fresh);
    /** @type {HTMLElement | null} */ (fresh.querySelector(`[name="${name}"]`))?.focus();
  }
}

/**
 * @param {User} user
 * @param {User} me
 * @param {(now: User) => void} redraw
 */
function roleOf(user, me, redraw) {
  // Who the owner is, is not for administrators to change.
  if (user.role === 'owner') return element('span', {}, 'owner');
  const options = ['member', 'admin'].map((role) => element('option', { selected: role === user.role }, role));
  const select = /** @type {HTMLSelectElement} */ (element('select', { name: 'role', 'aria-label': `Role of ${user.email}` }, ...options));
  select.addEventListener('change', async () => {
    const isMine = user.id === me.id;
    if (isMine && !(await confirmed('You would no longer be an administrator, and could not make yourself one again.', 'Change my role'))) return redraw(user);
    const now = await change(user, { role: select.value }, redraw, ({ email, role }) => `${email} is ${role} now.`);
    if (isMine && now.role !== 'admin') location.reload();
  });
  return select;
}

/**
 * @param {User} user
 * @param {(now: User) => void} redraw
 */
function grantsOf(user, redraw) {
  if (user.role !== 'member') return 'needs none';
  const boxes = [...get('grants', HTMLElement).querySelectorAll('label')].map((label) => {
    const grant = label.querySelector('input')?.value ?? '';
    const box = /** @type {HTMLInputElement} */ (element('input', { type: 'checkbox', name: grant, checked: user.grants.includes(grant), 'aria-label': `${label.textContent?.trim()} for ${user.email}` }));
    box.addEventListener('change', () => {
      const grants = user.grants.filter((other) => other !== grant);
      if (box.checked) grants.push(grant);
      return change(user, { grants }, redraw, (now) => `${label.textContent?.trim()}: ${now.grants.includes(grant) ? 'granted to' : 'taken away from'} ${now.email}.`);
    });
    return element('label', {}, box, ` ${label.textContent?.trim()}`);
  });
  return element('span', { class: 'boxes' }, ...boxes);
}

/**
 * Draws the row again whatever comes of it: as they are now, or as they were.
 * @param {User} user
 * @param {object} changes
 * @param {(now: User) => void} redraw
 * @param {(now: User) => string} tell
 */
async function change(user, changes, redraw, tell) {
  let now = user;
  await attempt(async () => {
    now = await call('PATCH', `/users/${user.id}`, changes);
    announce(tell(now));
  });
  redraw(now);
  return now;
}
