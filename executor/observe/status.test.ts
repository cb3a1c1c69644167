import { describe, expect, it } from 'vitest';
import { toStatus, type Observation } from './status.ts';

const running: Observation = { state: 'running', isBeingDeployed: false, isStopped: false, health: { state: 'healthy' }, exit: null, isAlwaysRestarted: true };
const exit = (code: number, more: Partial<NonNullable<Observation['exit']>> = {}) => ({ code, isOutOfMemory: false, error: '', ...more });

describe('the status of an app', () => {
  it.each<[string, Partial<Observation>, string, string | null]>([
    ['runs', {}, 'running', null],
    ['passes its check again', { health: { state: 'healthy', recovery: '200 ok' } }, 'running', 'health check passes again: 200 ok'],
    ['runs and fails its check', { health: { state: 'failing', answer: '503 no database' } }, 'unhealthy', 'health check failed: 503 no database'],
    ['was started again and is not yet healthy', { health: { state: 'pending' } }, 'starting', null],
    ['is being deployed for the first time', { isBeingDeployed: true }, 'starting', null],
    ['exits while it is being deployed for the first time', { isBeingDeployed: true, state: 'exited', exit: exit(1) }, 'starting', null],
    ['is frozen', { state: 'paused' }, 'paused', null],
    ['is restarted by the engine', { state: 'restarting', exit: exit(3) }, 'restarting', 'exit code 3'],
    ['was stopped', { state: 'exited', isStopped: true, exit: exit(143), isAlwaysRestarted: false }, 'stopped', null],
    ['is down although the engine would have restarted it, so somebody stopped it', { state: 'exited', exit: exit(137) }, 'stopped', 'stopped outside Dockup, exit code 137'],
    ['exited and is not restarted', { state: 'exited', exit: exit(1), isAlwaysRestarted: false }, 'crashed', 'exit code 1'],
    ['ended well and is not restarted', { state: 'exited', exit: exit(0), isAlwaysRestarted: false }, 'crashed', 'exit code 0'],
    ['ran out of memory', { state: 'exited', exit: exit(137, { isOutOfMemory: true }), isAlwaysRestarted: false }, 'crashed', 'exit code 137, out of memory'],
    ['could not be started again', { state: 'exited', exit: exit(128, { error: 'Address already in use' }) }, 'crashed', 'Address already in use'],
    ['is dead to the engine', { state: 'dead', exit: exit(1), isAlwaysRestarted: false }, 'crashed', 'exit code 1'],
    ['was made and never started', { state: 'created' }, 'stopped', null],
    ['is being removed', { state: 'removing' }, 'stopped', null],
  ])('that %s', (_name, change, status, reason) => {
    expect(toStatus({ ...running, ...change })).toEqual({ status, reason });
  });
});
