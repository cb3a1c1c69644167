import { announce, attempt, get, onSubmit } from './elements.js';
import { keepSession, toRefusal } from './session.js';

const given = new URLSearchParams(location.hash.slice(1));
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
  await keepSession((await post('/auth/login', person)).token);
  location.replace('/settings');
});

attempt(() => {
  if (given.get('token') === null) {
    announce('This address is not whole: ask for the link once more, and open all of it.', true);
    form.hidden = true;
    return;
  }
  get(email.value === '' ? 'email' : 'password', HTMLInputElement).focus();
});
