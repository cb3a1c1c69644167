import { expect, test } from 'vitest';
import { readClientNetwork } from './client-network.ts';

const network = (direct: string, forwarded?: string, trustedProxies = 0) => readClientNetwork(new Headers(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }), { direct, trustedProxies });

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['192.0.2.7:51234', '192.0.2.7'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001::9', '2001:db8:1:0::/64'],
  ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['2001:db8::192.0.2.7', '2001:db8:0:0::/64'],
  ['', ''],
])('a client at %j counts as %j', (address, expected) => {
  expect(network(address)).toBe(expected);
});

test('what a client writes about itself is not believed', () => {
  expect(network('192.0.2.7', '198.51.100.1')).toBe('192.0.2.7');
});

test('of a proxy that is trusted what it has added itself, and nothing before', () => {
  expect(network('127.0.0.1', '198.51.100.1', 1)).toBe('198.51.100.1');
  expect(network('127.0.0.1', '10.9.9.9, 198.51.100.1', 1)).toBe('198.51.100.1');
  expect(network('127.0.0.1', '10.9.9.9,198.51.100.1 , 203.0.113.5', 2)).toBe('198.51.100.1');
});

test('a request that has not come through the proxies counts for its connection', () => {
  expect(network('192.0.2.7', undefined, 1)).toBe('192.0.2.7');
  expect(network('192.0.2.7', '198.51.100.1', 2)).toBe('192.0.2.7');
  expect(network('192.0.2.7', '', 1)).toBe('192.0.2.7');
});

test('whatever it is, it is short', () => {
  expect(network('x'.repeat(10_000)).length).toBe(64);
  expect(network(`${'1:'.repeat(10_000)}1`).length).toBeLessThan(40);
});
