import { expect, it } from 'vitest';
import { parseRoutes } from './machine-routes.ts';

const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
vpn0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
br-1\t8000D50A\t00000000\t0001\t0\t0\t0\t80FFFFFF\t0\t0\t0
tun0\t0501D50A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;

it('routes within the pool are subnets of it that are taken; the default route and larger networks are not', () => {
  expect(parseRoutes(table, '10.213.0.0/16')).toEqual(['10.213.0.128/25', '10.213.1.5/32']);
  expect(parseRoutes(table, '192.0.2.0/25')).toEqual([]);
  expect(parseRoutes('', '10.213.0.0/16')).toEqual([]);
});
