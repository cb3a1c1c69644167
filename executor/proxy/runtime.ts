/** HAProxy's runtime socket: what can be asked and told while it runs. */
import type { RunningState } from './corrections.ts';
import { keepAliveSeconds, proxyFiles } from './haproxy-config.ts';
import {
  checkSilent, infoValue, parseBusy, parseFound, parseLateBusy, parseLateWorkers, parseMap, parseServers, parseSessions, splitAnswers, unexpected,
} from './runtime-answers.ts';
import { exchange } from './runtime-socket.ts';

export interface Runtime {
  /** Answers of the current worker, one per command, without the empty line that ends each. @throws AppError proxy_unavailable */
  ask(...commands: string[]): Promise<string[]>;
  /** Run commands that change something in the current worker. @throws AppError proxy_unavailable when it objects to one */
  apply(commands: readonly string[]): Promise<void>;
  state(): Promise<RunningState>;
  stateOf(backend: string, hosts: readonly string[]): Promise<RunningState>;
  /** Requests and connections on each server of the backend, by `backend/slot`, over all workers. */
  busy(backend: string): Promise<Map<string, number>>;
  /**
   * Whether a worker that a reload has replaced may still take requests, by the routes of that time: it answers one more on each connection
   * that a client keeps, and HAProxy lets nobody change its servers any more ("Proxy is disabled").
   */
  hasLateWorker(): Promise<boolean>;
  /** End what is left on the servers in workers that a reload has replaced: `shutdown sessions server` is refused there. */
  cutInLateWorkers(servers: readonly string[]): Promise<void>;
  /** What `description` says in the configuration that the current worker runs. The master must answer too: it is ready a moment later. */
  description(): Promise<string>;
  /** Ask the master for a seamless reload. Resolves before it has happened. */
  reload(): Promise<void>;
}

/** HAProxy reads a command line into one 16 KB buffer. */
const batchLimit = 12_000;

export function createRuntime(dir: string): Runtime {
  const admin = `${dir}/${proxyFiles.adminSocket}`;
  const master = `${dir}/${proxyFiles.masterSocket}`;

  const lateWorkers = async () => parseLateWorkers(await exchange(master, 'show proc'));

  const runtime: Runtime = {
    async ask(...commands) {
      const answers = splitAnswers(await exchange(admin, commands.join('; ')));
      if (answers.length !== commands.length) throw unexpected(commands.join('; '), answers.join('\n'));
      return answers;
    },

    async apply(commands) {
      for (const batch of batches(commands)) checkSilent(batch, await runtime.ask(...batch));
    },

    async state() {
      const [map = '', servers = ''] = await runtime.ask(`show map ${proxyFiles.hosts}`, 'show servers state');
      return { hosts: parseMap(map), servers: parseServers(servers) };
    },

    async stateOf(backend, hosts) {
      const [servers = '', ...found] = await runtime.ask(`show servers state ${backend}`, ...hosts.map((host) => `get map ${proxyFiles.hosts} ${host}`));
      return { hosts: parseFound(hosts, found), servers: parseServers(servers) };
    },

    async busy(backend) {
      const command = `show stat ${backend} 4 -1`;
      const [current = ''] = await runtime.ask(command);
      const counts = parseBusy(current);
      for (const pid of await lateWorkers()) {
        for (const [server, count] of parseLateBusy(await exchange(master, `@!${pid} ${command}`))) {
          counts.set(server, (counts.get(server) ?? 0) + count);
        }
      }
      return counts;
    },

    async hasLateWorker() {
      const [workers, [info = '']] = await Promise.all([lateWorkers(), runtime.ask('show info')]);
      // The current worker is as old as the reload. Connections that were idle by then have been used or closed after this time.
      return workers.length > 0 && Number(infoValue(info, 'Uptime_sec')) <= keepAliveSeconds;
    },

    async cutInLateWorkers(servers) {
      if (servers.length === 0) return;
      for (const pid of await lateWorkers()) {
        const sessions = parseSessions(await exchange(master, `@!${pid} show sess`), servers);
        for (const session of sessions) await exchange(master, `@!${pid} shutdown session ${session}`);
      }
    },

    async description() {
      await lateWorkers();
      const [info = ''] = await runtime.ask('show info');
      return infoValue(info, 'description');
    },

    async reload() {
      await exchange(master, 'reload');
    },
  };
  return runtime;
}

/** Several commands share a connection as far as they fit into HAProxy's buffer. */
function batches(commands: readonly string[]): string[][] {
  const result: string[][] = [];
  let size = Infinity;
  for (const command of commands) {
    size += command.length + 2;
    if (size > batchLimit) {
      result.push([]);
      size = command.length;
    }
    result.at(-1)?.push(command);
  }
  return result;
}
