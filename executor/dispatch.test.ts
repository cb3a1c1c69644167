import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../shared/errors.ts';
import { protocolVersion, type ExecutorMessage } from '../shared/protocol/messages.ts';
import { makeHandlers } from '../test/support/handlers.ts';
import { Dispatch, type Handlers } from './dispatch.ts';
import { createLog } from './log.ts';

let sent: ExecutorMessage[];
let lines: string[];

function open(change: Partial<Handlers> = {}): Dispatch {
  return new Dispatch({ handlers: makeHandlers(change), send: (message) => sent.push(message), log: createLog((line) => lines.push(line)) });
}

const tail = { app: 'a', tail: 5, filter: { after: null, since: null, until: null, stream: null, search: null, deployment: null } };
const call = (method: string, params: unknown, id = '1') => ({ type: 'call' as const, id, method, params });

beforeEach(() => {
  sent = [];
  lines = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe('REL-05 every call gets exactly one answer', () => {
  it('the result of its handler', async () => {
    await open({ act: () => Promise.resolve({ status: 'stopped' }) }).call(call('act', { app: 'a', action: 'stop' }));
    expect(sent).toEqual([{ type: 'ok', id: '1', result: { status: 'stopped' } }]);
  });

  it('the code of an error that its handler throws', async () => {
    await open().call(call('logs', tail));
    expect(sent).toEqual([{ type: 'err', id: '1', code: 'app_not_deployed', message: 'The app has no container yet' }]);
  });

  it('internal_error for everything else, whose cause only the log tells', async () => {
    await open({ logs: () => Promise.reject(new Error('disk full')) }).call(call('logs', tail));
    expect(sent).toEqual([{ type: 'err', id: '1', code: 'internal_error', message: expect.not.stringContaining('disk full') }]);
    expect(lines.join()).toContain('disk full');
  });

  it('a message that fits, however long the error', async () => {
    await open({ logs: () => Promise.reject(new AppError('engine_error', { detail: 'x'.repeat(9000) })) }).call(call('logs', tail));
    expect(sent).toEqual([expect.objectContaining({ code: 'engine_error', message: 'x'.repeat(2000) })]);
  });

  it.each(['reboot', '__proto__', 'constructor', 'toString', ''])('unsupported_command for the method %j', async (method) => {
    await open().call(call(method, {}));
    expect(sent).toEqual([expect.objectContaining({ type: 'err', code: 'unsupported_command', minimum: protocolVersion + 1 })]);
  });

  it.each<[string, unknown]>([
    ['no parameters', undefined],
    ['a text', 'x'],
    ['an unknown field', { ...tail, shell: 'rm' }],
    ['a wrong type', { ...tail, tail: '5' }],
  ])('invalid_value for %s', async (_name, params) => {
    await open({ logs: () => Promise.resolve({ lines: [] }) }).call(call('logs', params));
    expect(sent).toEqual([expect.objectContaining({ type: 'err', code: 'invalid_value' })]);
  });

  it('SEC-07 invalid_value for a slug that is not one', async () => {
    await open({ deploy: () => Promise.resolve({ accepted: true }) }).call(call('deploy', { deployment: 'dep_1', spec: { slug: '../x' } }));
    expect(sent).toEqual([expect.objectContaining({ type: 'err', code: 'invalid_value' })]);
  });

  it('REL-06 none more for a copy that comes after the answer, which runs nothing', async () => {
    let runs = 0;
    const dispatch = open({ act: () => Promise.resolve({ status: (runs++, 'running' as const) }) });
    for (const id of ['1', '1', '2', '1']) await dispatch.call(call('act', { app: 'a', action: 'restart' }, id));
    expect(runs).toBe(2);
    expect(sent.map((message) => 'id' in message && message.id)).toEqual(['1', '2']);
  });

  it('one answer for an id that is sent twice', async () => {
    const handler = vi.fn<Handlers['logs']>(() => Promise.resolve({ lines: [] }));
    const dispatch = open({ logs: handler });
    await Promise.all([dispatch.call(call('logs', tail)), dispatch.call(call('logs', tail))]);
    expect(handler).toHaveBeenCalledOnce();
    expect(sent).toHaveLength(1);
  });
});

describe('a call that takes long', () => {
  it('hears that its connection is over, which waits for its end', async () => {
    const dispatch = open({ logs: (_params, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), 500))) });
    void dispatch.call(call('logs', tail));
    let isOver = false;
    const ending = dispatch.end().then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(400);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await ending;
    expect(isOver).toBe(true);
  });

  it('pulses every four seconds until it is answered, and never after', async () => {
    const { promise, resolve } = Promise.withResolvers<{ lines: [] }>();
    const running = open({ logs: () => promise }).call(call('logs', tail));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(sent).toEqual([{ type: 'pulse', id: '1' }, { type: 'pulse', id: '1' }]);
    resolve({ lines: [] });
    await running;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent.map((message) => message.type)).toEqual(['pulse', 'pulse', 'ok']);
  });

  it('hears that nobody waits any more, and is answered all the same', async () => {
    const dispatch = open({
      logs: (_params, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const running = dispatch.call(call('logs', tail));
    dispatch.cancel('another');
    dispatch.cancel('1');
    await running;
    expect(sent).toEqual([expect.objectContaining({ type: 'err', code: 'deadline_exceeded' })]);
  });
});
