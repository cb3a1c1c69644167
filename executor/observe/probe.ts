/** One look at an app's health. */
import { connect } from 'node:net';
import type { HealthCheckSpec } from '../../shared/protocol/spec.ts';
import { anySignal } from '../any-signal.ts';
import type { Engine } from '../docker/engine.ts';
import { runCommand } from '../exec/run.ts';
import { httpRequest } from '../http.ts';

/** What a probe found; `answer` is for people: status and start of the body, or the error. */
export interface ProbeResult {
  isHealthy: boolean;
  answer: string;
}

export interface ProbeTarget {
  check: HealthCheckSpec;
  container: string;
  address: string;
  port: number | null;
  /** Host header of http probes: the app's own name. */
  host: string;
}

/** Bytes of a failing answer's body, or output, that are worth reading (REL-14). */
const bodyBytes = 256;

/** Never throws: whatever goes wrong is the answer. */
export async function probe(engine: Engine, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const limited = anySignal(signal, AbortSignal.timeout(target.check.timeout * 1000));
  try {
    return await look(engine, target, limited);
  } catch (error) {
    return { isHealthy: false, answer: describe(error, target).slice(0, 1000) };
  }
}

function look(engine: Engine, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  switch (target.check.kind) {
    case 'http':
      return lookHttp(target, signal);
    case 'tcp':
      return lookTcp(target, signal);
    case 'command':
      return lookCommand(engine, target, signal);
    case 'started':
      return Promise.resolve({ isHealthy: true, answer: 'running' });
  }
}

async function lookHttp(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const url = new URL(`http://${target.address}:${target.port ?? 80}`);
  // Set apart from the host, so that a path such as //evil stays a path.
  url.pathname = (target.check.path ?? '/').split('?')[0] ?? '/';
  url.search = target.check.path?.includes('?') === true ? target.check.path.slice(target.check.path.indexOf('?')) : '';
  const reply = await httpRequest({ url, headers: { host: target.host, 'user-agent': 'Dockup-Health/1', connection: 'close' }, maxBody: bodyBytes, signal });
  return { isHealthy: reply.status >= 200 && reply.status < 400, answer: `${reply.status} ${reply.body}`.trim() };
}

function lookTcp(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.address, port: target.port ?? 80, signal });
    socket.on('connect', () => {
      socket.destroy();
      resolve({ isHealthy: true, answer: 'connected' });
    });
    socket.on('error', reject);
  });
}

async function lookCommand(engine: Engine, { check, container }: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const { exit_code, stdout, stderr } = await runCommand(engine, { container, cmd: check.command ?? [], stdin: null, timeout: null }, signal);
  return { isHealthy: exit_code === 0, answer: `exit code ${exit_code} ${`${stdout}${stderr}`.slice(0, bodyBytes)}`.trim() };
}

function describe(error: unknown, target: ProbeTarget): string {
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) return `no answer within ${target.check.timeout} s`;
  return error instanceof Error ? error.message : String(error);
}
