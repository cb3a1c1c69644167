/** Log lines as a stream sends them: NDJSON, written by hand because at 100,000 lines a second a serialiser that looks at every key and value is what one waits for. */
import type { LogLine } from '../../shared/protocol/logs.ts';

/** Nothing in it that JSON has to escape. */
const plain = /^[ !#-[\]-~]*$/;

/** Cursor and deployment are made of letters, digits and `._~-`. */
export function encodeEntry({ time, stream, text }: LogLine, cursor: string, deployment: string): string {
  return `{"time":"${time}","stream":"${stream}","text":${plain.test(text) ? `"${text}"` : JSON.stringify(text)},"cursor":"${cursor}","deployment":"${deployment}"}\n`;
}

export function encodeGap(dropped: number): string {
  return `${JSON.stringify({ dropped })}\n`;
}
