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
  /** What was sent: an outcome by its deployment, usage by its minute, the rest by its time. */
  const said: (string | number)[] = [];
  const attach = () =>
    outbox.attach(({ seq, event }) => {
      sent.push(seq);
      said.push(event.kind === 'deployment' ? event.deployment : event.kind === 'usage' ? event.minute : event.at);
    });
  return { outbox, told, sent, said, attach };
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
    expect(sent).toEqual([1, 2, 3, 1, 2]);
  });

  it('REL-06 are numbered anew for each connection, without a gap where something was dropped or acknowledged', () => {
    const { outbox, sent, told, attach } = open(3);
    for (const at of [1, 2, 3, 4]) outbox.push(status(at));
    outbox.push(outcome('dep_5'));
    attach();
    outbox.push(status(6));
    expect(sent).toEqual([1, 2, 3, 4]);
    outbox.acknowledge(1);
    outbox.detach();
    attach();
    outbox.acknowledge(2);
    expect(told).toEqual(['dep_5']);
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
    const { outbox, said, attach } = open(3);
    outbox.push(outcome('dep_1'));
    for (const at of [2, 3, 4, 5]) outbox.push(status(at));
    attach();
    expect(said).toEqual(['dep_1', 4, 5]);
    for (const id of ['2', '3', '4', '5']) outbox.push(outcome(`dep_${id}`));
    said.length = 0;
    attach();
    expect(said).toEqual(['dep_1', 'dep_2', 'dep_3', 'dep_4', 'dep_5']);
  });

  it('let usage go first, the oldest of it', () => {
    const { outbox, said, attach } = open(4);
    outbox.push(status(1));
    for (const minute of [2, 3, 4]) outbox.push(usage(minute));
    outbox.push(outcome('dep_5'));
    outbox.push(status(6));
    attach();
    expect(said).toEqual([1, 4, 'dep_5', 6]);
  });

  it('hold no more minutes of apps than fit, whatever their number of messages', () => {
    const { outbox, said, attach } = open(100, 5);
    outbox.push(status(1));
    for (const [minute, apps] of [[2, 2], [3, 2], [4, 3]] as const) outbox.push(usage(minute, apps));
    attach();
    expect(said).toEqual([1, 3, 4]);
  });

  it('hold one report, the newest', () => {
    const { outbox, said, attach } = open();
    outbox.push(report(1));
    outbox.push(status(2));
    outbox.push(report(3));
    attach();
    expect(said).toEqual([2, 3]);
  });
});
