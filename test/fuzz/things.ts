/** The things that are there, by kind: what replies tell of, and what placeholders stand for. */
import { hostVolumes } from './executor.ts';
import { pattern, type Kind } from './placeholders.ts';

export interface Things {
  learn(kind: Kind, id: string): void;
  /** From a reply that went well. */
  learnFrom(body: string, location: string | undefined): void;
  forget(id: string): void;
  /** The text as it is sent. */
  resolve(text: string, prepared: Readonly<Record<string, string>>): string;
}

/** By the beginning of an id. */
const kindOf: Readonly<Record<string, Kind>> = { app: 'app', prj: 'project', env: 'environment', dep: 'deployment', srv: 'server', usr: 'user', tag: 'tag', key: 'key', evt: 'event', dkt: 'ticket' };

/** How many of a kind are kept in mind: the newest. */
const most = 40;

/** @param kept by person, what has to stay */
export function createThings(kept: Readonly<Record<string, Readonly<Record<string, string>>>>): Things {
  const known = new Map<string, string[]>([['volume', [...hostVolumes]]]);
  const protectedIds = new Set(Object.values(kept).flatMap((things) => Object.values(things)));
  let count = 0;

  function learn(kind: Kind, id: string): void {
    const ids = known.get(kind) ?? [];
    if (protectedIds.has(id) || ids.includes(id)) return;
    known.set(kind, [...ids, id].slice(-most));
  }

  function stand(group: string, name: string, prepared: Readonly<Record<string, string>>): string {
    if (group === 'new') return `${(++count).toString(36)}z`;
    if (group === 'prepared') return prepared[name] ?? 'not-prepared';
    const ids = known.get(group);
    if (ids !== undefined && ids.length > 0) return ids[Number(name) % ids.length] ?? '';
    // Something of a person; of what there is not, never something that has to stay instead.
    return kept[group]?.[name] ?? 'nothing-yet';
  }

  return {
    learn,
    learnFrom: (body, location) => {
      for (const [, field, id = ''] of body.matchAll(/"(id|next_cursor|ticket|[a-z]+Id)":"([a-z]{3}_[0-9a-z]+)"/g)) {
        const kind = kindOf[id.slice(0, 3)];
        if (kind !== undefined) learn(kind, id);
        if (field === 'next_cursor') learn('cursor', id);
      }
      for (const [, slug = ''] of body.matchAll(/"slug":"([a-z0-9-]+)"/g)) learn('slug', slug);
      const upload = /\/uploads\/([0-9a-f]{32})$/.exec(location ?? '')?.[1];
      if (upload !== undefined) learn('upload', upload);
    },
    forget: (id) => {
      for (const [kind, ids] of known) if (kind !== 'volume') known.set(kind, ids.filter((one) => one !== id));
    },
    resolve: (text, prepared) => text.replaceAll(pattern, (_whole, group: string, name: string) => stand(group, name, prepared)),
  };
}
