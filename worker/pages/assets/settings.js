import { attempt, get } from './elements.js';
import { showKeys } from './keys.js';
import { showInvitations } from './invitations.js';
import { showSecondFactor } from './second-factor.js';
import { call, findToken, logOut } from './session.js';
import { showSessions } from './sessions.js';
import { showUsers } from './users.js';

attempt(async () => {
  if ((await findToken()) === null) {
    location.replace('/login?next=/settings');
    return;
  }
  const { user } = await call('GET', '/auth/me');
  get('who', HTMLElement).textContent = `${user.email} (${user.role})`;
  for (const field of document.querySelectorAll('[name=username]')) field.setAttribute('value', user.email);
  const leave = get('log-out', HTMLButtonElement);
  leave.hidden = false;
  leave.addEventListener('click', () => attempt(logOut));
  const isAdministrator = user.role !== 'member';
  await showKeys(isAdministrator || user.grants.includes('api_tokens'));
  showSecondFactor(user);
  await showSessions();
  if (isAdministrator) await Promise.all([showUsers(user), showInvitations()]);
});
