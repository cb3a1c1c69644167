import { describe, expect, it } from 'vitest';
import type { DeploymentEvent, ExecutorEvent } from '../shared/protocol/events.ts';
import { Outbox } from './outbox.ts';

const status = (at: number): ExecutorEvent => ({ kind: 'status', app: 'a', status: 'running', reason: null, at });
const report = (at: number): ExecutorEvent => ({ kind: 'report', at, engine: 'reachable', apps: [] });
const outcome = (deployment: string): DeploymentEvent => ({ kind: 'deployment', deployment, app: 'a', status: 'succeeded', phase: 'done', at: 1, image_id: null, failure: null });

const usage = (minute: number, apps = 1): ExecutorEvent => ({
  kind: 'usage', minute, apps: Array.from({ length: apps }, (_, i) => ({ app: `app_${i}`, cpu: [1, 2], memory: [3, 4], network: [5, 6], block: [7, 8] })),
});

function open(length?: number, usageLength?: number) {
  const told: string[] = [];
  const outbox = new Outbox({ length, usage: usageLength, onOutcomeAcknowledged: (deployment) => told.push(deployment) });
  const sent: number[] = [];
  return { outbox, told, sent, attach: () => outbox.attach((message) => sent.push(message.seq)) };
}

describe('events on their way', () => {
  it('are numbered from 1 and sent as they come', () => {
    const { outbox, sent, attach } = open();
    attach();
    for (const at of [1, 2, 3]) outbox.push(status(at));
    expect(sent).toEqual([1, 2, 3]);
  });

  it('go out again, in order, until they are acknowledged', () => {
    const { outbox, sent, attach } = open();
    for (const at of [1, 2, 3]) outbox.push(status(at));
    attach();
    outbox.acknowledge(2);
    outbox.detach();
    outbox.push(status(4));
    attach();
    expect(sent).toEqual([1, 2, 3, 3, 4]);
  });

  it('tell when the outcome of a deployment has arrived', () => {
    const { outbox, told } = open();
    outbox.push(outcome('dep_1'));
    outbox.push({ ...outcome('dep_2'), status: 'running', phase: 'pull' });
    outbox.push(outcome('dep_3'));
    outbox.acknowledge(2);
    expect(told).toEqual(['dep_1']);
  });

  it('give way to newer ones when nobody listens, outcomes never', () => {
    const { outbox, sent, attach } = open(3);
    outbox.push(outcome('dep_1'));
    for (const at of [2, 3, 4, 5]) outbox.push(status(at));
    attach();
    expect(sent).toEqual([1, 4, 5]);
    for (const id of ['2', '3', '4', '5']) outbox.push(outcome(`dep_${id}`));
    sent.length = 0;
    attach();
    expect(sent).toEqual([1, 6, 7, 8, 9]);
  });

  it('let usage go first, the oldest of it', () => {
    const { outbox, sent, attach } = open(4);
    outbox.push(status(1));
    for (const minute of [2, 3, 4]) outbox.push(usage(minute));
    outbox.push(outcome('dep_5'));
    outbox.push(status(6));
    attach();
    expect(sent).toEqual([1, 4, 5, 6]);
  });

  it('hold no more minutes of apps than fit, whatever their number of messages', () => {
    const { outbox, sent, attach } = open(100, 5);
    outbox.push(status(1));
    for (const [minute, apps] of [[2, 2], [3, 2], [4, 3]] as const) outbox.push(usage(minute, apps));
    attach();
    expect(sent).toEqual([1, 3, 4]);
  });

  it('hold one report, the newest', () => {
    const { outbox, sent, attach } = open();
    outbox.push(report(1));
    outbox.push(status(2));
    outbox.push(report(3));
    attach();
    expect(sent).toEqual([2, 3]);
  });
});
