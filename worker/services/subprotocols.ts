/** What a WebSocket client may ask for in `Sec-WebSocket-Protocol`, which is the one header that a page in a browser can set. */

/** Says nothing by itself: an offer must be answered with one of its names, and the token must not be sent back. */
const plain = 'dockup.v1';
/** Text messages of the client are control messages. */
const execControl = 'dockup.exec.v1';
const bearerPrefix = 'dockup.bearer.';

export function offeredSubprotocols(header: string | null | undefined): string[] {
  return (header ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
}

/** The one that is answered; undefined where nothing known is offered. */
export function chooseSubprotocol(offered: string[]): string | undefined {
  return [execControl, plain].find((name) => offered.includes(name));
}

export function hasExecControl(offered: string[]): boolean {
  return chooseSubprotocol(offered) === execControl;
}

/** The token of `dockup.bearer.<token>`. */
export function bearerOf(offered: string[]): string | undefined {
  return offered.find((name) => name.startsWith(bearerPrefix))?.slice(bearerPrefix.length);
}
