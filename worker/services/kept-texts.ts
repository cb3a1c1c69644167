/** Replies that are dear to make, kept for as long as what they were made of is the same. What is not asked for goes first when there is no more room. */
export class KeptTexts {
  readonly #room: number;
  #used = 0;
  #texts = new Map<string, { version: string; text: string }>();

  /** @param room characters, of all texts and versions together */
  constructor(room = 16 * 1024 * 1024) {
    this.#room = room;
  }

  /** The text under `key` as of `version`: the one that is kept, or what `make` answers. It may be of a later version, never of an earlier one. */
  async get(key: string, version: string, make: () => Promise<string>): Promise<string> {
    const kept = this.#take(key);
    const text = kept?.version === version ? kept.text : await make();
    this.#put(key, { version, text });
    return text;
  }

  #take(key: string): { version: string; text: string } | undefined {
    const kept = this.#texts.get(key);
    if (kept === undefined) return undefined;
    this.#texts.delete(key);
    this.#used -= sizeOf(key, kept);
    return kept;
  }

  /** At the end: the first of a map is the one that was asked for longest ago. */
  #put(key: string, entry: { version: string; text: string }): void {
    this.#take(key);
    this.#texts.set(key, entry);
    this.#used += sizeOf(key, entry);
    for (const oldest of this.#texts.keys()) {
      if (this.#used <= this.#room) break;
      this.#take(oldest);
    }
  }
}

function sizeOf(key: string, { version, text }: { version: string; text: string }): number {
  return key.length + version.length + text.length;
}
