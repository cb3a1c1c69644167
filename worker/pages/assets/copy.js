/**
 * Puts a text on the clipboard. Browsers allow it within a click: what is only being fetched then is promised to them. Without TLS, except on localhost, they have no clipboard:
 * the text is shown and selected instead.
 * @param {() => Promise<string>} read
 * @param {(text: string) => void} show
 * @returns {Promise<string>} what to tell
 */
export async function copy(read, show) {
  const reading = read();
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': reading.then((text) => new Blob([text], { type: 'text/plain' })) })]);
    return 'Copied to the clipboard.';
  } catch {
    // No clipboard, or no leave to use it. A key that could not be read is told of here.
    const text = await reading;
    show(text);
    return copySelected(text) ? 'Copied to the clipboard.' : 'This browser does not let a page copy: the key is shown, copy it from there.';
  }
}

/**
 * The old way, which works without TLS as well.
 * @param {string} text
 */
function copySelected(text) {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'aside';
  const focused = document.activeElement;
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
