/**
 * What a request means and cannot know: things that are there when it is sent. A draft holds `~app.3~`, the third of the apps there are; its text is the same for the same seed,
 * and again when it is shrunk. Only characters that no encoding touches.
 */
export const kinds = ['app', 'slug', 'project', 'environment', 'deployment', 'server', 'user', 'team', 'tag', 'key', 'upload', 'event', 'cursor', 'ticket', 'volume'] as const;
export type Kind = (typeof kinds)[number];

/** Things of the world that have to stay: nobody sends what would take them away but strangers. */
const kept = ['ann', 'bob', 'administrator'] as const;

export const pattern = /~([a-z]+)\.([a-zA-Z0-9]+)~/g;

export const oneOf = (kind: Kind, index: number) => `~${kind}.${index}~`;
/** Dora and Erin are never deleted, and may become anything: nobody has their tokens. */
export const keptOf = (person: (typeof kept)[number] | 'dora' | 'erin', kind: Kind | 'email' | 'password') => `~${person}.${kind}~`;

/** Another text each time it is sent. */
export const fresh = '~new.x~';
/** What an operation was given by its preparation (`preparations.ts`). */
export const prepared = (name: string) => `~prepared.${name}~`;

export function namesKept(text: string): boolean {
  return kept.some((person) => text.includes(`~${person}.`));
}
