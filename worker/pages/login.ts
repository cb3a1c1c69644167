import { renderPage } from './html.ts';
import { navigation } from './navigation.ts';

/** The form is sent by its script alone: the policy forbids the browser's own way, so a password never gets into an address. */
export function renderLogin(): string {
  return renderPage({
    title: 'Log in · Dockup',
    styles: ['pages.css'],
    scripts: ['login.js'],
    content: `${navigation}
<h1>Log in</h1>
<form id="login" method="post" class="fields">
<p><label for="email">E-mail address</label> <input id="email" name="email" type="email" autocomplete="username" maxlength="254" required></p>
<p><label for="password">Password</label> <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required></p>
<p id="second-factor" hidden><label for="code">Code of your authenticator app, or a recovery code</label> <input id="code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="64"></p>
<p><button disabled>Log in</button></p>
</form>
<p id="message" role="alert"></p>
<noscript><p>Logging in here needs scripts. Without: <code>POST /api/v1/auth/login</code>, see <a href="/">the start page</a>.</p></noscript>`,
  });
}
