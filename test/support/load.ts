/** Steady load on one app: REL-12's 200 requests a second over kept connections, and 20 a second that each open a new one. */
import { Agent } from 'node:http';
import { requestOnce, type PlainReply } from './http.ts';

export interface LoadReport {
  sent: number;
  /** Replies by body, trimmed. */
  answers: Map<string, number>;
  /** Everything that was not a 2xx reply, in words. */
  failures: string[];
}

export interface Load {
  /** Stops sending, waits for what is under way, and tells. */
  stop(): Promise<LoadReport>;
}

/** Requests a second over kept connections, and those that each open a new one. */
interface Rates {
  kept: number;
  fresh: number;
}

export function startLoad(target: { port: number; host: string }, rates: Rates = { kept: 200, fresh: 20 }): Load {
  const kept = new Agent({ keepAlive: true, maxSockets: 16 });
  const fresh = new Agent({ keepAlive: false });
  const report: LoadReport = { sent: 0, answers: new Map(), failures: [] };
  const open = new Set<Promise<void>>();

  function send(agent: Agent): void {
    report.sent += 1;
    const done = requestOnce({ ...target, agent })
      .then(count, (error: Error) => void report.failures.push(error.message))
      .finally(() => open.delete(done));
    open.add(done);
  }

  function count({ status, body }: PlainReply): void {
    if (status < 200 || status > 299) report.failures.push(`${status} ${body.slice(0, 80)}`);
    else report.answers.set(body.trim(), (report.answers.get(body.trim()) ?? 0) + 1);
  }

  const timers = [setInterval(() => send(kept), 1000 / rates.kept), setInterval(() => send(fresh), 1000 / rates.fresh)];
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(open);
      kept.destroy();
      return report;
    },
  };
}
