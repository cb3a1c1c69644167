/** What a network does to a message. */
export const effects = ['drop', 'delay', 'duplicate', 'reorder', 'half-open', 'truncate'] as const;
export type Effect = (typeof effects)[number];

/** ms that a delayed message is late. */
export const delayTime = 5_000;
