/** Reads what HAProxy's sockets say. Pure. Errors are text like everything else, so whatever does not look as expected is one. */
import { AppError } from '../../shared/errors.ts';
import type { RunningServer } from './corrections.ts';

/** @throws AppError proxy_unavailable unless each command was silent, which is how success sounds */
export function checkSilent(commands: readonly string[], answers: readonly string[]): void {
  answers.forEach((answer, index) => {
    if (answer !== '' && !harmless.test(answer)) throw unexpected(commands[index] ?? '', answer);
  });
}

/** `set server addr` tells what it changed. */
const harmless = /^(IP changed|port changed|no need to change)/;

/** Each answer ends with an empty line, so a silent one is an empty line alone. */
export function splitAnswers(text: string): string[] {
  const answers: string[] = [];
  const lines: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    if (line !== '') lines.push(line);
    else answers.push(lines.splice(0).join('\n'));
  }
  if (lines.length > 0) answers.push(lines.join('\n'));
  return answers;
}

/** Lines such as `0x5624e0dac4a0 shop-app.localhost b1`. */
export function parseMap(text: string): Map<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, host, backend] = line.split(' ');
      return host !== undefined && backend !== undefined ? [[host, backend] as const] : [];
    }),
  );
}

export function parseFound(hosts: readonly string[], answers: readonly string[]): Map<string, string> {
  return new Map(
    hosts.flatMap((host, index) => {
      const answer = answers[index] ?? '';
      if (!answer.startsWith('type=str')) throw unexpected(`get map ${host}`, answer);
      const value = /, value="([^"]*)"/.exec(answer)?.[1];
      return value === undefined ? [] : [[host, value] as const];
    }),
  );
}

/** Bits of `srv_admin_state` (HAProxy include/haproxy/server-t.h): forced, inherited, resolver and hostname maintenance; forced and inherited drain. */
const maintBits = 0x01 | 0x02 | 0x20 | 0x40;
const drainBits = 0x08 | 0x10;

export function parseServers(text: string): Map<string, RunningServer> {
  const [version, header = '', ...rows] = text.split('\n');
  if (version !== '1' || !header.startsWith('# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state')) throw unexpected('show servers state', text);
  const portColumn = header.slice(2).split(' ').indexOf('srv_port');
  return new Map(
    rows.map((row) => {
      const fields = row.split(' ');
      const admin = Number(fields[6]);
      const mode = admin & maintBits ? 'maint' : admin & drainBits ? 'drain' : 'ready';
      return [`${fields[1]}/${fields[3]}`, { address: fields[4] ?? '', port: Number(fields[portColumn]), mode }] as const;
    }),
  );
}

/** A connection that carries a request, or a stream that has its server but no connection yet: whichever is more. */
export function parseBusy(text: string): Map<string, number> {
  const [header = '', ...rows] = text.split('\n');
  const columns = header.replace(/^# /, '').split(',');
  const at = { backend: columns.indexOf('pxname'), server: columns.indexOf('svname'), sessions: columns.indexOf('scur'), connections: columns.indexOf('used_conn_cur') };
  if (Object.values(at).includes(-1)) throw unexpected('show stat', text);
  return new Map(
    rows.filter((row) => row !== '').map((row) => {
      const fields = row.split(',');
      return [`${fields[at.backend]}/${fields[at.server]}`, Math.max(Number(fields[at.sessions]), Number(fields[at.connections]))] as const;
    }),
  );
}

/** A worker that ended since it was listed, or that never had the backend, is not busy. */
export function parseLateBusy(text: string): Map<string, number> {
  return text.startsWith('# pxname') ? parseBusy(text.trimEnd()) : new Map();
}

/** Process ids of the workers that a reload replaced and that still have connections, from the master's `show proc`. */
export function parseLateWorkers(text: string): string[] {
  const [, old = ''] = text.split('# old workers');
  const [list = ''] = old.split('# programs');
  return [...list.matchAll(/^\d+/gm)].map(([pid]) => pid);
}

/** Ids out of lines such as `0x560f337a27c0: proto=tcpv4 src=127.0.0.1:59820 fe=public be=b0 srv=s0 …`. */
export function parseSessions(text: string, servers: readonly string[]): string[] {
  return [...text.matchAll(/^(0x[0-9a-f]+): .* be=(\S+) srv=(\S+) /gm)].flatMap(([, id = '', backend, server]) => (servers.includes(`${backend}/${server}`) ? [id] : []));
}

/** A line of `show info`. */
export function infoValue(text: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
}

export function unexpected(command: string, answer: string): AppError {
  return new AppError('proxy_unavailable', { detail: `tell HAProxy "${command.slice(0, 200)}": it answered "${answer.slice(0, 200)}"` });
}
