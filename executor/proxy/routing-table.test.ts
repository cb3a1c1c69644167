import { describe, expect, test } from 'vitest';
import type { Route, Target } from './proxy.ts';
import {
  emptyTable, freedServers, hostMap, isLarger, poolSize, type RoutingTable, routesOf, withLeavingFreed, withoutApp, withRoute,
} from './routing-table.ts';

const target = (id: string): Target => ({ id, address: '10.213.0.2', port: 80 });
const route = (app: string, ...ids: string[]): Route => ({ app, hosts: [`${app}.localhost`], targets: ids.map(target) });
const tableOf = (...routes: Route[]): RoutingTable => routes.reduce(withRoute, emptyTable(3));
const slotsOf = (table: RoutingTable, backend = 0) => table[backend]?.slots.map((slot) => (slot ? `${slot.target.id} ${slot.state}` : '-'));

describe('withRoute', () => {
  test('gives a new app the first free backend, and its targets the first slots', () => {
    const table = tableOf(route('shop', 'a', 'b'), route('blog', 'c'));
    expect([...hostMap(table)]).toEqual([['shop.localhost', 'b0'], ['blog.localhost', 'b1']]);
    expect(slotsOf(table)).toEqual(['a ready', 'b ready', '-', '-']);
  });

  test.each([
    ['a new target', [['a'], ['b']], ['a leaving', 'b ready', '-', '-']],
    ['the same target', [['a'], ['a']], ['a ready', '-', '-', '-']],
    ['a second replica', [['a'], ['a', 'b']], ['a ready', 'b ready', '-', '-']],
    ['no target', [['a'], []], ['a leaving', '-', '-', '-']],
    ['a target that was leaving', [['a'], ['b'], ['a']], ['a ready', 'b leaving', '-', '-']],
    ['more targets than slots', [['a'], ['b', 'c', 'd', 'e']], ['a leaving', 'b ready', 'c ready', 'd ready', 'e ready', '-', '-', '-']],
  ])('places %s', (_, steps, slots) => {
    expect(slotsOf(tableOf(...steps.map((ids) => route('shop', ...ids))))).toEqual(slots);
  });

  test('doubles the pool when no backend is free', () => {
    const table = tableOf(route('a'), route('b'), route('c'), route('d'));
    expect(table).toHaveLength(6);
    expect(isLarger(table, emptyTable(3))).toBe(true);
    expect(hostMap(table).get('d.localhost')).toBe('b3');
  });

  test.each([
    ['a host of another app', { ...route('blog'), hosts: ['shop.localhost'] }],
    ['an upper-case host', { ...route('blog'), hosts: ['Blog.localhost'] }],
    ['a host with a port', { ...route('blog'), hosts: ['blog.localhost:80'] }],
    ['a host with a line break', { ...route('blog'), hosts: ['blog.localhost\nx'] }],
    ['an app with a space', route('my blog')],
    ['an address of IPv6', { ...route('blog'), targets: [{ id: 'a', address: '::1', port: 80 }] }],
    ['port 0', { ...route('blog'), targets: [{ id: 'a', address: '10.0.0.1', port: 0 }] }],
    ['port 65536', { ...route('blog'), targets: [{ id: 'a', address: '10.0.0.1', port: 65_536 }] }],
  ])('refuses %s', (_, bad) => {
    expect(() => tableOf(route('shop'), bad)).toThrow(expect.objectContaining({ code: 'invalid_value' }));
  });
});

test('routesOf tells only what is ready', () => {
  expect(routesOf(tableOf(route('shop', 'a'), route('shop', 'b')))).toEqual([route('shop', 'b')]);
});

test('withLeavingFreed frees what was seen leaving, not what came back or left since', () => {
  const table = tableOf(route('shop', 'a', 'b'), route('shop', 'a'), route('shop', 'c'));
  const next = withLeavingFreed(table, 'shop', new Set(['b', 'c']));
  expect(slotsOf(next)).toEqual(['a leaving', '-', 'c ready', '-']);
  expect(freedServers(table, next)).toEqual(['b0/s1']);
});

test('withoutApp gives a backend back with as many slots as HAProxy has for it', () => {
  const table = withoutApp(tableOf(route('shop', 'a', 'b', 'c', 'd', 'e')), 'shop');
  expect(table[0]).toEqual({ app: null, hosts: [], slots: Array.from({ length: poolSize.slots * 2 }, () => null) });
});
