import { expect, test } from 'vitest';
import { corrections, partOf, type RunningServer, type RunningState } from './corrections.ts';
import { type Backend, type RoutingTable, type Slot } from './routing-table.ts';

const slot = (state: Slot['state'], port = 80): Slot => ({ target: { id: 'a', address: '10.0.0.1', port }, state });
const server = (mode: RunningServer['mode'], port = 80): RunningServer => ({ address: '10.0.0.1', port, mode });
const backend = (slots: (Slot | null)[], ...hosts: string[]): Backend => ({ app: 'shop', hosts, slots });
const running = (servers: Record<string, RunningServer>, hosts: Record<string, string> = {}): RunningState => ({
  servers: new Map(Object.entries(servers)),
  hosts: new Map(Object.entries(hosts)),
});

test.each([
  ['ready', 'ready', slot('ready'), server('ready'), []],
  ['ready', 'drained', slot('ready'), server('drain'), ['set server b0/s0 state ready']],
  ['ready', 'in maintenance elsewhere', slot('ready'), server('maint', 9), ['set server b0/s0 addr 10.0.0.1 port 80', 'set server b0/s0 state ready']],
  ['leaving', 'ready', slot('leaving'), server('ready'), ['set server b0/s0 state drain']],
  ['leaving', 'drained', slot('leaving'), server('drain'), []],
  ['leaving', 'in maintenance after a restart', slot('leaving'), server('maint'), []],
  ['free', 'drained', null, server('drain'), ['shutdown sessions server b0/s0', 'set server b0/s0 state maint']],
  ['free', 'in maintenance', null, server('maint', 9), []],
])('a slot that should be %s and is %s', (_, __, wanted, actual, commands) => {
  expect(corrections([backend([wanted])], running({ 'b0/s0': actual }))).toEqual(commands);
});

test.each([
  ['is missing', {}, ['add map hosts.map shop.localhost b0']],
  ['points elsewhere', { 'shop.localhost': 'b7' }, ['set map hosts.map shop.localhost b0']],
  ['has company', { 'shop.localhost': 'b0', 'old.localhost': 'b0' }, ['del map hosts.map old.localhost']],
])('a host that %s', (_, hosts, commands) => {
  expect(corrections([backend([], 'shop.localhost')], running({}, hosts))).toEqual(commands);
});

test('a switch lets requests into the new target before it keeps them out of the old one', () => {
  const table = [backend([slot('leaving'), slot('ready', 81)], 'shop.localhost')];
  expect(corrections(table, running({ 'b0/s0': server('ready'), 'b0/s1': server('maint', 9) }, { 'old.localhost': 'b0' }))).toEqual([
    'set server b0/s1 addr 10.0.0.1 port 81',
    'set server b0/s1 state ready',
    'add map hosts.map shop.localhost b0',
    'del map hosts.map old.localhost',
    'set server b0/s0 state drain',
  ]);
});

test('a part of the table is one backend and its hosts', () => {
  const table: RoutingTable = [backend([slot('ready')], 'shop.localhost'), backend([slot('ready')], 'blog.localhost')];
  const state = running({ 'b1/s0': server('drain') });
  expect(corrections(partOf(table, 1), state)).toEqual(['set server b1/s0 state ready', 'add map hosts.map blog.localhost b1']);
});
