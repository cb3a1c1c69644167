/** What each of the signals was made of. */
const sources = new WeakMap<AbortSignal, readonly AbortSignal[]>();

/**
 * `AbortSignal.any` that cannot miss an abort. A signal of Node's keeps those it is made of weakly: one that nobody else holds, such as
 * `AbortSignal.timeout(…)`, may be collected, and the deadline with it (nodejs/node issues 57736 and 65995). Here they live as long as what was made of them.
 * The reason of several that have aborted is that of the first in the list.
 */
export function anySignal(...signals: AbortSignal[]): AbortSignal {
  // oxlint-disable-next-line no-restricted-properties -- The one place.
  const first = AbortSignal.any(signals);
  sources.set(first, signals);
  return first;
}
