/** What the pages make of HTML. Text becomes text, never HTML (SEC-20). */

/**
 * @param {string} name
 * @param {Record<string, string | boolean>} [attributes] true: there, false: not
 * @param {(Node | string)[]} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/**
 * The element of this page with the id.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function get(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${id} on this page`);
  return found;
}

/**
 * @param {string} text
 * @param {() => unknown} act
 * @param {Record<string, string | boolean>} [attributes]
 */
export function button(text, act, attributes = {}) {
  const made = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', ...attributes }, text));
  made.addEventListener('click', () => attempt(act));
  return made;
}

/** @param {string} text what has happened, for those who see the page and for those who hear it */
export function announce(text, isError = false) {
  const message = get('message', HTMLElement);
  message.classList.toggle('error', isError);
  // Emptied first: the same words again are news, too.
  message.textContent = '';
  setTimeout(() => (message.textContent = text), 50);
}

/**
 * Does it, and tells where it fails.
 * @param {() => unknown} act
 */
export async function attempt(act) {
  try {
    await act();
  } catch (error) {
    announce(error instanceof Error ? error.message : String(error), true);
  }
}

/**
 * Runs `send` instead of the browser's own way, once at a time. The button of the form is disabled until then: nothing would come of it.
 * @param {HTMLFormElement} form
 * @param {() => Promise<unknown>} send
 */
export function onSubmit(form, send) {
  const sender = form.querySelector('button');
  if (sender === null) throw new Error(`nothing sends ${form.id}`);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (sender.disabled) return;
    sender.disabled = true;
    await attempt(send);
    sender.disabled = false;
  });
  sender.disabled = false;
}

/**
 * Asks before something that cannot be undone.
 * @param {string} question
 * @param {string} yes
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
  const dialog = get('confirm', HTMLDialogElement);
  get('confirm-question', HTMLElement).textContent = question;
  get('confirm-yes', HTMLButtonElement).textContent = yes;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }));
}
