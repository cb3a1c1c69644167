import { grants, scopes, type Grant, type Scope } from '../../shared/api/auth.ts';
import { renderPage } from './html.ts';
import { navigation } from './navigation.ts';

const aboutScopes: Readonly<Record<Scope, string>> = {
  'apps:read': 'look at projects, apps, volumes and deployments',
  'apps:write': 'make, change and delete them',
  deploy: 'deploy, upload, roll back, start and stop',
  logs: 'read logs and events',
  exec: 'run commands in containers',
  'secrets:read': 'read environments and the content of volumes',
  admin: 'everything its owner may',
};

const aboutGrants: Readonly<Record<Grant, string>> = { api_tokens: 'API keys', swagger: 'Swagger UI' };

/** For those who keep passwords: whose this one is. Its script fills it in. */
const whose = '<input name="username" autocomplete="username" hidden>';
/** Nobody is made an owner. */
const roleOptions = '<option value="member">member</option><option value="admin">admin</option>';

/** Nothing of anybody is in it: its script asks the API, and what somebody may not do the API refuses. */
export function renderSettings(): string {
  const scopeBoxes = scopes.map((scope) => `<label><input type="checkbox" name="scopes" value="${scope}"> <code>${scope}</code>: ${aboutScopes[scope]}</label>`);
  const grantBoxes = grants.map((grant) => `<label><input type="checkbox" name="grants" value="${grant}"> ${aboutGrants[grant]}</label>`);
  return renderPage({
    title: 'Settings · Dockup',
    styles: ['pages.css'],
    scripts: ['settings.js'],
    content: `${navigation}
<h1>Settings</h1>
<p id="message" role="status" tabindex="-1"></p>
<noscript><p>This page needs scripts. Everything on it is in the <a href="/llms.txt">API</a> as well.</p></noscript>

<section aria-labelledby="keys-title">
<h2 id="keys-title">Your API keys</h2>
<p id="no-grant" hidden>An administrator has to grant you <strong>API keys</strong> before you can make or use any: ask an administrator.</p>
<div class="scroll"><table id="keys" aria-labelledby="keys-title">
<thead><tr><th scope="col">Name</th><th scope="col">Key</th><th scope="col">May</th><th scope="col">Ends</th><th scope="col">Last used</th><th scope="col">Do</th></tr></thead>
<tbody></tbody>
</table></div>
<p id="no-keys" hidden>You have none.</p>

<form id="new-key" class="fields" hidden>
<h3>Make a key</h3>
<p><label for="key-name">What it is for</label> <input id="key-name" name="name" autocomplete="off" maxlength="100" required></p>
<p><label for="key-end">Last day that it works (empty: for ever)</label> <input id="key-end" name="end" type="date"></p>
<fieldset>
<legend>What it may do</legend>
<label><input type="checkbox" id="all-scopes" checked> everything that you may</label>
<div id="scopes" class="boxes" hidden>
${scopeBoxes.join('\n')}
</div>
</fieldset>
<p><button disabled>Make the key</button></p>
</form>
</section>

<section aria-labelledby="sign-in-title">
<h2 id="sign-in-title">Your sign-in</h2>
<div class="scroll"><table id="sessions" aria-label="Where you are logged in">
<thead><tr><th scope="col">Logged in with</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col">Do</th></tr></thead>
<tbody></tbody>
</table></div>

<form id="new-password" class="fields">
<h3>Change the password</h3>
${whose}
<p><label for="password-now">The one you have</label> <input id="password-now" name="now" type="password" autocomplete="current-password" maxlength="256" required></p>
<p><label for="password-new">The new one, 12 characters or more</label> <input id="password-new" name="new" type="password" autocomplete="new-password" minlength="12" maxlength="256" required></p>
<p><button disabled>Change it, and log out everywhere else</button></p>
</form>

<h3>Second factor</h3>
<p id="factor-state"></p>
<form id="new-factor" class="fields" hidden>
${whose}
<p><label for="factor-password">Your password</label> <input id="factor-password" name="password" type="password" autocomplete="current-password" maxlength="256" required></p>
<p><button disabled>Set up an authenticator app</button></p>
</form>
<form id="confirm-factor" class="fields" hidden>
<p>Type this into the app, or open <a id="factor-link">this link</a> where the app is: <code id="factor-secret" class="key"></code></p>
<p><label for="factor-code">The code that the app shows then</label> <input id="factor-code" name="code" autocomplete="one-time-code" inputmode="numeric" maxlength="10" required></p>
<p><button disabled>Ask for a code from now on</button></p>
</form>
<form id="end-factor" class="fields" hidden>
${whose}
<p><label for="end-password">Your password</label> <input id="end-password" name="password" type="password" autocomplete="current-password" maxlength="256" required></p>
<p><label for="end-code">A code, or a recovery code</label> <input id="end-code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="64" required></p>
<p><button class="danger" disabled>Ask for the password alone</button></p>
</form>
<div id="recovery" hidden>
<p>Keep these recovery codes where you find them without the app. Each logs you in once, and they are not shown again:</p>
<ul id="recovery-codes"></ul>
</div>
</section>

<section id="people" aria-labelledby="users-title" hidden>
<h2 id="users-title">People</h2>
<p>A member reaches what is theirs. An administrator reaches everything and needs no grants.</p>
<div class="scroll"><table id="users" aria-labelledby="users-title">
<thead><tr><th scope="col">E-mail address</th><th scope="col">Role</th><th scope="col">Granted</th></tr></thead>
<tbody></tbody>
</table></div>

<form id="new-invitation" class="fields">
<h3>Invite somebody</h3>
<p>They choose a password of their own. The link works once, for this address, for 72 hours.</p>
<p><label for="invited-email">E-mail address</label> <input id="invited-email" name="email" type="email" autocomplete="off" maxlength="254" required></p>
<p><label for="invited-role">Role</label> <select id="invited-role" name="role">${roleOptions}</select></p>
<fieldset class="boxes">
<legend>Granted</legend>
${grantBoxes.join('\n')}
</fieldset>
<p><button disabled>Make the link</button></p>
</form>
<div class="scroll"><table id="invitations" aria-label="Invitations that nobody has accepted yet" hidden>
<thead><tr><th scope="col">Invited</th><th scope="col">As</th><th scope="col">Link</th><th scope="col">Ends</th><th scope="col">Do</th></tr></thead>
<tbody></tbody>
</table></div>

<form id="new-user" class="fields">
<h3>Add somebody</h3>
<p><label for="user-email">E-mail address</label> <input id="user-email" name="email" type="email" autocomplete="off" maxlength="254" required></p>
<p><label for="user-password">Password, 12 characters or more</label> <input id="user-password" name="password" type="password" autocomplete="new-password" minlength="12" maxlength="256" required></p>
<p><label for="user-role">Role</label> <select id="user-role" name="role">${roleOptions}</select></p>
<fieldset id="grants" class="boxes">
<legend>Granted</legend>
${grantBoxes.join('\n')}
</fieldset>
<p><button disabled>Add</button></p>
</form>
</section>

<dialog id="confirm" aria-labelledby="confirm-question">
<form method="dialog">
<p id="confirm-question"></p>
<p><button value="no" autofocus>Cancel</button> <button value="yes" id="confirm-yes" class="danger"></button></p>
</form>
</dialog>`,
  });
}
