/** Limits and commands: Dokploy writes bytes and billionths of a core as texts, and a command as a line of a shell with arguments behind it. */
const [mebibyte, core] = [1024 * 1024, 1_000_000_000];

export function toBytesText(megabytes: number | null): string | null {
  return megabytes === null ? null : String(megabytes * mebibyte);
}

export function toNanoCpus(cores: number | null): string | null {
  return cores === null ? null : String(Math.round(cores * core));
}

/** MB, to the next whole one. */
export function fromBytesText(bytes: string | null): number | null {
  return bytes === null ? null : Math.ceil(Number(bytes) / mebibyte);
}

/** Cores, to the hundredth. */
export function fromNanoCpus(nanoCpus: string | null): number | null {
  return nanoCpus === null ? null : Math.round((Number(nanoCpus) / core) * 100) / 100;
}

interface CommandFields {
  command: string | null;
  args: string[] | null;
}

const shell = ['/bin/sh', '-c'] as const;

export function toCommandFields(command: readonly string[] | null): CommandFields {
  if (command === null) return { command: null, args: null };
  const isLine = command.length === 3 && command[0] === shell[0] && command[1] === shell[1];
  return isLine ? { command: command[2] as string, args: null } : { command: null, args: [...command] };
}

/** A line is run by the shell of the app's own image, in its container. */
export function fromCommandFields({ command, args }: CommandFields): string[] | null {
  const hasArgs = args !== null && args.length > 0;
  if (command === null || command === '') return hasArgs ? args : null;
  return hasArgs ? [command, ...args] : [...shell, command];
}
