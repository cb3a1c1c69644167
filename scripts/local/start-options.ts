export interface StartOptions {
  say: (line: string) => void;
  /** Gives up the start. */
  signal: AbortSignal;
}
