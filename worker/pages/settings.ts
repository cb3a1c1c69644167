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
<p><button>Make the key</button></p>
</form>
</section>

<section id="people" aria-labelledby="users-title" hidden>
<h2 id="users-title">People</h2>
<p>A member reaches what is theirs. An administrator reaches everything and needs no grants.</p>
<div class="scroll"><table id="users" aria-labelledby="users-title">
<thead><tr><th scope="col">E-mail address</th><th scope="col">Role</th><th scope="col">Granted</th></tr></thead>
<tbody></tbody>
</table></div>

<form id="new-user" class="fields">
<h3>Add somebody</h3>
<p><label for="user-email">E-mail address</label> <input id="user-email" name="email" type="email" autocomplete="off" maxlength="254" required></p>
<p><label for="user-password">Password, 12 characters or more</label> <input id="user-password" name="password" type="password" autocomplete="new-password" minlength="12" maxlength="256" required></p>
<p><label for="user-role">Role</label> <select id="user-role" name="role"><option value="member">member</option><option value="admin">admin</option></select></p>
<fieldset id="grants" class="boxes">
<legend>Granted</legend>
${grantBoxes.join('\n')}
</fieldset>
<p><button>Add</button></p>
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
