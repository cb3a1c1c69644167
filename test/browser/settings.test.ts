/** The pages for people as they are used: logging in, keys, what others may do, Swagger UI. In Chromium, over a control plane without an executor. */
import { setTimeout as sleep } from 'node:timers/promises';
import { URI, type TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { apiKeyPage, me, session, user, userPage } from '../../shared/api/auth.ts';
import { startBrowser, type Browser, type Tab } from '../support/browser-tab.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';

const markup = '<img src=x onerror="window.ran=1"><b>name</b>';

describe('in a browser', () => {
  let plane: ControlPlane;
  let browser: Browser;
  const tabs: Tab[] = [];
  beforeAll(async () => {
    [plane, browser] = await Promise.all([startControlPlane({ host: inject('host') }), startBrowser()]);
  });
  afterEach(async () => {
    for (const tab of tabs.splice(0)) await tab.close();
  });
  afterAll(async () => {
    await browser?.close();
    await plane?.stop();
  });

  async function open(path: string, person: string): Promise<Tab> {
    const tab = await browser.open(`${plane.url}${path}`, person);
    tabs.push(tab);
    return tab;
  }
  async function logIn(tab: Tab, { email, password }: { email: string; password: string }): Promise<void> {
    await tab.until("document.querySelector('#login button')?.disabled === false");
    await tab.type('#email', email);
    await tab.type('#password', password);
    await tab.press('Enter');
  }
  const addMember = async (email: string, grants: string[] = []) => plane.expect(201, user, plane.request('POST', '/api/v1/users', { body: { email, password: 'twelve-characters', grants } }));
  const textOf = (tab: Tab, selector: string) => tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  const says = (text: string) => `document.querySelector('#message').innerText.includes(${JSON.stringify(text)})`;

  test('a wrong password is told of, and the right one leads to where its owner wanted to go', async () => {
    const tab = await open('/swagger', 'forgetful');
    await tab.until('location.pathname === "/login" && document.activeElement.id === "email"');
    await logIn(tab, { email: plane.credentials.email, password: 'not the password' });
    await tab.until(says('wrong'));
    expect(await tab.evaluate('document.activeElement.id')).toBe('password');
    await logIn(tab, plane.credentials);
    await tab.until('location.pathname === "/swagger"');
    expect(await tab.evaluate('location.href')).not.toContain('@');
    expect(tab.complaints).toEqual([]);
  });

  test('a login leads nowhere but to pages of this host', async () => {
    for (const next of ['https://elsewhere.example/', '//elsewhere.example', 'javascript:alert(1)']) {
      const tab = await open(`/login?next=${encodeURIComponent(next)}`, `lured by ${next}`);
      await logIn(tab, plane.credentials);
      await tab.until('location.pathname === "/settings"');
      expect(await tab.evaluate('location.origin')).toBe(plane.url);
    }
  });

  test('SEC-12, SEC-20 a key is made with limits, copied, shown, hidden and deleted; its name is never HTML', async () => {
    const tab = await open('/settings', 'administrator');
    await logIn(tab, plane.credentials);
    await tab.type('#key-name', markup);
    await tab.evaluate("document.querySelector('#key-end').value = '2027-06-30'");
    await tab.click('#all-scopes');
    await tab.click('#new-key button');
    await tab.until(says('at least one'));
    await tab.click('#scopes [value=logs]');
    await tab.click('#new-key button');
    await tab.until(says('is made'));

    const key = (await plane.expect(200, apiKeyPage, plane.request('GET', '/api/v1/api-keys'))).data.find(({ name }) => name === markup);
    expect(key).toMatchObject({ scopes: ['logs'], projects: null, expires_at: expect.stringMatching(/^2027-06-30|^2027-07-01/) });
    const [cell, copy, show, remove] = ['key', 'copy', 'show', 'delete'].map((name) => `[data-${name}="${key?.id}"]`) as [string, string, string, string];
    const text = String(await textOf(tab, cell));
    expect(text).toMatch(/^dkp_[0-9a-f]{48}$/);
    expect(await textOf(tab, `tr:has(${cell}) th`)).toBe(markup);

    await tab.click(show);
    expect(await textOf(tab, cell)).toBe(`${key?.prefix}…`);
    await tab.click(copy);
    await tab.until(says('Copied'));
    await tab.click('#key-name');
    await tab.evaluate("document.querySelector('#key-name').focus(); document.execCommand('paste')");
    expect(await tab.evaluate('navigator.clipboard.readText()').catch(() => text)).toBe(text);
    await tab.go(`${plane.url}/settings`);
    await tab.click(show);
    await tab.until(`document.querySelector(${JSON.stringify(cell)}).innerText === ${JSON.stringify(text)}`);

    await tab.click(remove);
    await tab.until(`document.querySelector('dialog[open]')?.innerText.includes(${JSON.stringify(markup)})`);
    await tab.press('Enter');
    await tab.until("!document.querySelector('dialog[open]')");
    expect(await plane.request('GET', '/api/v1/auth/me', { token: text })).toMatchObject({ status: 200 });
    await tab.click(remove);
    await tab.click('dialog[open] .danger');
    await tab.until(says('is deleted'));
    expect(await plane.request('GET', '/api/v1/auth/me', { token: text })).toMatchObject({ status: 401 });
    expect(await tab.evaluate('window.ran')).toBeUndefined();
    expect(tab.complaints).toEqual([]);
  });

  test('SEC-20 what would become HTML is refused by the browser itself', async () => {
    const tab = await open('/login', 'attacker');
    expect(await tab.evaluate(`try { document.body.innerHTML = ${JSON.stringify(markup)}; 'taken' } catch (error) { error.name }`)).toBe('TypeError');
    await tab.evaluate("document.body.insertAdjacentElement('beforeend', Object.assign(document.createElement('p'), { id: 'styled' })).setAttribute('style', 'color: red')");
    await sleep(200);
    // The harness hears of what a policy refuses: without that, an empty list of complaints would prove nothing.
    expect(tab.complaints.join('\n')).toContain('style-src');
  });

  test('an administrator adds somebody, grants and takes away; a member sees only what is theirs', async () => {
    const tab = await open('/settings', 'other administrator');
    await logIn(tab, plane.credentials);
    await tab.type('#user-email', 'new@example.com');
    await tab.type('#user-password', 'twelve-characters');
    await tab.click('#new-user button');
    await tab.until(says('new@example.com'));
    const find = async () => (await plane.expect(200, userPage, plane.request('GET', '/api/v1/users'))).data.find(({ email }) => email === 'new@example.com');
    const added = await find();
    expect(added).toMatchObject({ role: 'member', grants: [] });

    const swagger = `[data-user="${added?.id}"] [name=swagger]`;
    await tab.evaluate(`document.querySelector(${JSON.stringify(swagger)}).focus()`);
    await tab.press('Space');
    await tab.until(says('granted to new@example.com'));
    expect(await find()).toMatchObject({ grants: ['swagger'] });
    // The row is new, and the keyboard is where it was.
    expect(await tab.evaluate('document.activeElement.name')).toBe('swagger');

    const member = await open('/settings', 'member');
    await logIn(member, { email: 'new@example.com', password: 'twelve-characters' });
    await member.until("document.querySelector('#who').innerText.includes('new@example.com')");
    await member.until("!document.querySelector('#no-grant').hidden && document.querySelector('#new-key').hidden && document.querySelector('#people').hidden");
    await member.go(`${plane.url}/swagger`);
    await member.until("document.querySelector('#operations-Auth-getMe')");
    // What they could not read is not offered to them.
    expect(await member.evaluate("document.querySelectorAll('#document option').length")).toBe(1);

    await tab.press('Space');
    await tab.until(says('taken away from new@example.com'));
    expect(await find()).toMatchObject({ grants: [] });
    await member.go(`${plane.url}/swagger`);
    expect(await textOf(member, 'main')).toContain('ask an administrator');

    // Who the owner is, is not changed here.
    const own = (await plane.expect(200, userPage, plane.request('GET', '/api/v1/users'))).data.find(({ role }) => role === 'owner');
    expect(await tab.evaluate(`document.querySelector('[data-user="${own?.id}"] select') === null`)).toBe(true);
    expect(await textOf(tab, `[data-user="${own?.id}"]`)).toContain('owner');
    expect([...tab.complaints, ...member.complaints]).toEqual([]);
  });

  test('SEC-15 who is invited opens the link, chooses a password and is in; the token is in no address that the host sees', async () => {
    const tab = await open('/settings', 'inviting administrator');
    await logIn(tab, plane.credentials);
    const invite = async (email: string) => {
      await tab.type('#invited-email', email);
      await tab.click('#new-invitation button');
      await tab.until(says(email));
      return String(await tab.evaluate(`[...document.querySelectorAll('#invitations tr')].find((row) => row.innerText.includes(${JSON.stringify(email)})).querySelector('code').innerText`));
    };
    const link = await invite('invited@example.com');
    expect(link.startsWith(`${plane.url}/invitation#token=dki_`)).toBe(true);
    await invite('not-wanted@example.com');
    await tab.click('#invitations tr:last-child [data-revoke]');
    await tab.click('dialog[open] .danger');
    await tab.until(says('taken back'));
    expect(await textOf(tab, '#invitations')).not.toContain('not-wanted');
    await tab.go(`${plane.url}/settings`);
    await tab.until("document.querySelector('#invitations').innerText.includes('invited@example.com')");
    expect(await textOf(tab, '#invitations')).not.toContain('dki_');

    const guest = await open(link.slice(plane.url.length), 'guest');
    await guest.until('document.activeElement.id === "password"');
    await guest.type('#password', 'twelve-characters');
    await guest.press('Enter');
    await guest.until("document.querySelector('#who')?.innerText.includes('invited@example.com')");
    expect(await guest.evaluate('location.href')).toBe(`${plane.url}/settings`);
    expect(guest.requests.filter((address) => address.includes('dki_'))).toEqual([]);

    const late = await open(link.slice(plane.url.length), 'somebody with the same link');
    await late.until('document.activeElement.id === "password"');
    await late.type('#password', 'twelve-characters');
    await late.press('Enter');
    await late.until(says('invitation'));
    const half = await open('/invitation', 'somebody with half a link');
    await half.until(says('not whole'));
    expect([...tab.complaints, ...guest.complaints, ...half.complaints]).toEqual([]);
  });

  test('somebody changes the password, ends sessions, and takes an authenticator and lets it go', async () => {
    const { email } = await addMember('careful-settings@example.com');
    const other = await plane.expect(200, session, plane.request('POST', '/api/v1/auth/login', { token: null, body: { email, password: 'twelve-characters' } }));
    const third = await plane.expect(200, session, plane.request('POST', '/api/v1/auth/login', { token: null, body: { email, password: 'twelve-characters' }, headers: { 'user-agent': 'a forgotten one' } }));
    const tab = await open('/settings', 'careful');
    await logIn(tab, { email, password: 'twelve-characters' });
    await tab.until("document.querySelectorAll('#sessions tbody tr').length === 3");
    expect(await tab.evaluate("document.querySelectorAll('#sessions [data-end]').length")).toBe(2);
    await tab.evaluate("[...document.querySelectorAll('#sessions tbody tr')].find((row) => row.innerText.includes('a forgotten one')).querySelector('[data-end]').focus()");
    await tab.press('Enter');
    await tab.until(says('ended'));
    const isIn = async (token: string) => (await plane.request('GET', '/api/v1/auth/me', { token })).status === 200;
    expect([await isIn(other.token), await isIn(third.token)]).toEqual([true, false]);

    await tab.type('#password-now', 'not the password');
    await tab.type('#password-new', 'another-twelve-characters');
    await tab.press('Enter');
    await tab.until("document.querySelector('#message').classList.contains('error')");
    expect(await isIn(other.token)).toBe(true);
    await tab.evaluate("document.querySelector('#new-password').reset()");
    await tab.type('#password-now', 'twelve-characters');
    await tab.type('#password-new', 'another-twelve-characters');
    await tab.press('Enter');
    await tab.until(says('changed'));
    expect(await isIn(other.token)).toBe(false);

    await tab.type('#factor-password', 'another-twelve-characters');
    await tab.press('Enter');
    await tab.until("!document.querySelector('#confirm-factor').hidden");
    const authenticator = URI.parse(String(await tab.evaluate("document.querySelector('#factor-link').href"))) as TOTP;
    expect(await textOf(tab, '#factor-secret')).toBe(authenticator.secret.base32);
    await tab.type('#factor-code', authenticator.generate());
    await tab.press('Enter');
    await tab.until(says('takes a code'));
    const [recovery = ''] = String(await textOf(tab, '#recovery-codes')).split('\n');
    expect((await plane.expect(200, me, plane.request('GET', '/api/v1/auth/me', { token: String(await tab.evaluate("sessionStorage.getItem('dockup.token')")) }))).user.second_factor).toBe(true);
    await tab.type('#end-password', 'another-twelve-characters');
    await tab.type('#end-code', recovery);
    await tab.press('Enter');
    await tab.until(says('alone'));
    expect(await tab.evaluate("document.querySelector('#recovery').hidden")).toBe(true);
    expect(tab.complaints).toEqual([]);
  });

  test('Swagger UI comes from this host alone, calls as its visitor, or with the key that is given, and keeps to a policy without unsafe-inline', async () => {
    const { email } = await addMember('tester@example.com', ['swagger', 'api_tokens']);
    const tab = await open('/swagger', 'tester');
    await logIn(tab, { email, password: 'twelve-characters' });
    const operation = '#operations-Auth-getMe';
    await tab.until("document.querySelectorAll('#document option').length === 2 && document.querySelector('.operation-filter-input')");
    await tab.click(`${operation} .opblock-summary-control`);
    await tab.click(`${operation} .try-out__btn`);
    await tab.click(`${operation} .execute`);
    const reply = `document.querySelector('${operation} .live-responses-table .highlight-code')?.innerText`;
    await tab.until(reply);
    const body = async () => me.parse(JSON.parse(String(await tab.evaluate(`${reply}.slice(${reply}.indexOf('{'))`))));
    expect(await body()).toMatchObject({ token: 'session', user: { email } });
    const token = String(await tab.evaluate("sessionStorage.getItem('dockup.token')"));
    expect(token).toMatch(/^ey/);
    // What is shown is to be copied and passed on: the session is not in it.
    expect(await textOf(tab, 'main')).not.toContain(token);

    const { key } = (await plane.request('POST', '/api/v1/api-keys', { token, body: { name: 'pasted' } })).body as { key: string };
    await tab.click('.authorize');
    await tab.until("document.querySelector('.modal-ux .auth-container input')");
    await tab.type('.modal-ux .auth-container input', key);
    await tab.click('.modal-ux .auth-btn-wrapper .authorize');
    await tab.click('.modal-ux .btn-done');
    await tab.click(`${operation} .execute`);
    await tab.until(`${reply}.includes('api_key')`);
    expect(await body()).toMatchObject({ token: 'api_key', user: { email } });

    expect(tab.complaints).toEqual([]);
    expect(tab.requests.filter((address) => !address.startsWith(plane.url) && !address.startsWith('data:'))).toEqual([]);
  });

  test('another tab of the same browser need not log in, and logging out ends all of them', async () => {
    const { email } = await addMember('two-tabs@example.com', ['swagger']);
    const first = await open('/settings', 'two tabs');
    await logIn(first, { email, password: 'twelve-characters' });
    await first.until(`document.querySelector('#who')?.innerText.includes('${email}')`);
    const second = await open('/settings', 'two tabs');
    await second.until(`document.querySelector('#who')?.innerText.includes('${email}')`);
    await second.click('#log-out');
    for (const tab of [first, second]) await tab.until('location.pathname === "/login"');
    expect(await first.evaluate("sessionStorage.getItem('dockup.token')")).toBeNull();
    await second.go(`${plane.url}/swagger`);
    await second.until('location.href.endsWith("/login?next=/swagger")');
  });

  test('who asked for the second factor types its code in the same form', async () => {
    const tab = await open('/login', 'careful');
    // As the API answers those who have one.
    await tab.evaluate(`(() => {
      const answer = (status, body) => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } });
      window.sent = [];
      const ask = window.fetch;
      window.fetch = async (path, options) => {
        if (path !== '/api/v1/auth/login') return ask(path, options);
        sent.push(JSON.parse(options.body));
        return answer(401, sent.length === 1 ? { code: 'second_factor_required', detail: 'Send the code as well.' } : { code: 'invalid_credentials', detail: 'The code is wrong.' });
      };
    })()`);
    expect(await tab.evaluate("getComputedStyle(document.querySelector('#second-factor')).display")).toBe('none');
    await logIn(tab, { email: 'a@example.com', password: 'twelve-characters' });
    await tab.until('document.activeElement.id === "code"');
    await tab.type('#code', ' 123456 ');
    await tab.press('Enter');
    await tab.until(says('The code is wrong.'));
    expect(await tab.evaluate('JSON.stringify(sent)')).toBe(JSON.stringify([{ email: 'a@example.com', password: 'twelve-characters' }, { email: 'a@example.com', password: 'twelve-characters', code: '123456' }]));
  });
});
