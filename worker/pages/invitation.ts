import { renderPage } from './html.ts';
import { navigation } from './navigation.ts';

/** The token is behind the `#` of the address, which browsers keep to themselves: it reaches the host in the body of one call only. */
export function renderInvitation(): string {
  return renderPage({
    title: 'Invitation · Dockup',
    styles: ['pages.css'],
    scripts: ['invitation.js'],
    content: `${navigation}
<h1>You are invited</h1>
<p id="message" role="alert"></p>
<form id="accept" method="post" class="fields">
<p><label for="email">E-mail address that was invited</label> <input id="email" name="email" type="email" autocomplete="username" maxlength="254" required></p>
<p><label for="password">A password of your own, 12 characters or more</label> <input id="password" name="password" type="password" autocomplete="new-password" minlength="12" maxlength="256" required></p>
<p><button disabled>Join</button></p>
</form>
<noscript><p>Joining here needs scripts. Without: <code>POST /api/v1/invitations/accept</code>, see <a href="/">the start page</a>.</p></noscript>`,
  });
}
