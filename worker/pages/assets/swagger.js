/** Swagger UI on this host's own documents, with the login session of the pages where no other token was given. */
import { announce, attempt, get } from './elements.js';
import { findToken, logOut, token } from './session.js';

const place = get('swagger-ui', HTMLElement);
const publicUrl = place.dataset['publicUrl'] ?? '';
const choice = get('document', HTMLSelectElement);

attempt(async () => {
  if ((await findToken()) === null) announce('You can read here. To try requests out, press “Authorize” and give an API key, or log in again.');
  const leave = get('log-out', HTMLButtonElement);
  leave.hidden = false;
  leave.addEventListener('click', () => attempt(logOut));
  document.documentElement.classList.toggle('dark-mode', matchMedia('(prefers-color-scheme: dark)').matches);

  const ui = SwaggerUIBundle({
    dom_id: '#swagger-ui',
    url: choice.value,
    presets: [SwaggerUIBundle.presets.apis],
    layout: 'BaseLayout',
    deepLinking: true,
    // One field that finds a group among many.
    filter: true,
    // The list of schemas is closed at first: to draw it takes longer than all the rest.
    defaultModelsExpandDepth: 0,
    // Nothing is sent anywhere else to be checked.
    validatorUrl: null,
    requestInterceptor: asVisitor,
    // The command that is shown is one for others, too: without the session, which may do everything that its owner may.
    showMutatedRequest: false,
  });
  choice.addEventListener('change', () => {
    ui.specActions.updateUrl(choice.value);
    ui.specActions.download(choice.value);
  });
});

/**
 * The documents name the host by its public address; the request goes to the address that this page came from, which is the same host and the only one that gets the session.
 * @param {{ url: string, headers: Record<string, string> }} request
 */
function asVisitor(request) {
  const { origin, pathname, search } = new URL(request.url, location.href);
  if (origin === new URL(publicUrl).origin) request.url = pathname + search;
  const isOwn = new URL(request.url, location.href).origin === location.origin;
  const isNamed = Object.keys(request.headers).some((name) => ['authorization', 'x-api-key'].includes(name.toLowerCase()));
  const own = token();
  if (isOwn && !isNamed && own !== null) request.headers['Authorization'] = `Bearer ${own}`;
  return request;
}
