import { announce, attempt, get, onSubmit } from './elements.js';
import { call, findToken, keepSession, openPages, token, toRefusal } from './session.js';

/** Where somebody may be sent on to: never out of this host. */
const pages = ['/settings', '/swagger', '/docs'];
const sentKey = 'dockup.sent';

const query = new URLSearchParams(location.search);
const next = pages.find((page) => page === query.get('next')) ?? '/settings';

const form = get('login', HTMLFormElement);
const secondFactor = get('second-factor', HTMLElement);
const code = get('code', HTMLInputElement);

onSubmit(form, async () => {
  const { email, password } = Object.fromEntries(new FormData(form));
  const response = await fetch('/api/v1/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password, ...(!secondFactor.hidden && { code: code.value.trim() }) }),
  });
  if (response.ok) {
    await keepSession((await response.json()).token);
    goOn();
    return;
  }
  const refusal = await toRefusal(response);
  if (refusal.code === 'second_factor_required') {
    secondFactor.hidden = false;
    code.required = true;
  }
  const field = secondFactor.hidden ? get('password', HTMLInputElement) : code;
  if (refusal.code === 'second_factor_required') announce('Type the code that your authenticator app shows, or a recovery code.');
  else announce(refusal.message, true);
  field.focus();
  field.select();
});

/** Who is logged in already, in this tab or in another one, need not log in again. */
async function useSession() {
  if (query.get('as') === 'other' || (await findToken()) === null) return;
  // Leads back here when the session has ended.
  await call('GET', '/auth/me');
  if (Date.now() - Number(sessionStorage.getItem(sentKey)) < 5_000) {
    announce('You are logged in, but this browser does not keep the cookie that the page needs. Allow cookies of this host.', true);
    return;
  }
  await openPages();
  goOn();
}

/** A page that sends its visitor straight back here did not get its cookie. */
function goOn() {
  sessionStorage.setItem(sentKey, String(Date.now()));
  location.replace(next);
}

if (token() === null) get('email', HTMLInputElement).focus();
attempt(useSession);
