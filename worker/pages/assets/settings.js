import { attempt, get } from './elements.js';
import { showKeys } from './keys.js';
import { call, findToken, logOut } from './session.js';
import { showUsers } from './users.js';

attempt(async () => {
  if ((await findToken()) === null) {
    location.replace('/login?next=/settings');
    return;
  }
  const { user } = await call('GET', '/auth/me');
  get('who', HTMLElement).textContent = `${user.email} (${user.role})`;
  const leave = get('log-out', HTMLButtonElement);
  leave.hidden = false;
  leave.addEventListener('click', () => attempt(logOut));
  const isAdministrator = user.role !== 'member';
  await showKeys(isAdministrator || user.grants.includes('api_tokens'));
  if (isAdministrator) await showUsers(user);
});
