import { announce, attempt, get, onSubmit } from './elements.js';
import { keepSession, toRefusal } from './session.js';

const given = new URLSearchParams(location.hash.slice(1));
// Browsers keep addresses, and some of them elsewhere, too.
history.replaceState(null, '', location.pathname);
const form = get('accept', HTMLFormElement);
const email = get('email', HTMLInputElement);
email.value = given.get('email') ?? '';

/**
 * @param {string} path
 * @param {object} body
 */
async function post(path, body) {
  const response = await fetch(`/api/v1${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (!response.ok) throw await toRefusal(response);
  return response.json();
}

onSubmit(form, async () => {
  const person = Object.fromEntries(new FormData(form));
  await post('/invitations/accept', { token: given.get('token'), ...person });
  // The invitation is used up: whatever comes now, the way in is the login.
  const session = await post('/auth/login', person).catch(() => null);
  if (session !== null) await keepSession(session.token);
  location.replace(session === null ? '/login' : '/settings');
});

attempt(() => {
  if (given.get('token') === null) {
    announce('This address is not whole: ask for the link once more, and open all of it.', true);
    form.hidden = true;
    return;
  }
  get(email.value === '' ? 'email' : 'password', HTMLInputElement).focus();
});
