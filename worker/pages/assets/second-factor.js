/** One's own second factor: an authenticator app. */
import { announce, element, get, onSubmit } from './elements.js';
import { call } from './session.js';

/** @param {{ second_factor: boolean }} user */
export function showSecondFactor(user) {
  const [begin, confirm, end] = ['new-factor', 'confirm-factor', 'end-factor'].map((id) => get(id, HTMLFormElement));

  /** @param {HTMLFormElement | undefined} shown */
  function show(shown) {
    get('factor-state', HTMLElement).textContent = shown === end ? 'Logging in takes a code of your authenticator app.' : 'Logging in takes the password alone.';
    for (const form of [begin, confirm, end]) if (form !== undefined) form.hidden = form !== shown;
  }

  /** @param {HTMLFormElement | undefined} form @param {(fields: Record<string, FormDataEntryValue>) => Promise<void>} send */
  function on(form, send) {
    if (form === undefined) return;
    onSubmit(form, async () => {
      await send(Object.fromEntries(new FormData(form)));
      form.reset();
    });
  }

  on(begin, async ({ password }) => {
    const { secret, uri } = await call('POST', '/auth/totp', { current_password: password });
    get('factor-secret', HTMLElement).textContent = secret;
    get('factor-link', HTMLAnchorElement).href = uri;
    show(confirm);
    get('factor-code', HTMLInputElement).focus();
  });
  on(confirm, async ({ code }) => {
    const { recovery_codes: codes } = await call('POST', '/auth/totp/confirm', { code: String(code).trim() });
    get('recovery-codes', HTMLElement).replaceChildren(...codes.map((/** @type {string} */ text) => element('li', {}, element('code', {}, text))));
    get('recovery', HTMLElement).hidden = false;
    get('factor-secret', HTMLElement).textContent = '';
    get('factor-link', HTMLAnchorElement).removeAttribute('href');
    show(end);
    announce('Logging in takes a code from now on. Keep the recovery codes.');
  });
  on(end, async ({ password, code }) => {
    await call('DELETE', '/auth/totp', { current_password: password, code: String(code).trim() });
    get('recovery', HTMLElement).hidden = true;
    get('recovery-codes', HTMLElement).replaceChildren();
    show(begin);
    announce('Logging in takes the password alone from now on.');
  });
  show(user.second_factor ? end : begin);
}
