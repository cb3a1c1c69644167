import { describe, expect, test } from 'vitest';
import { checkSilent, infoValue, parseBusy, parseFound, parseLateWorkers, parseMap, parseServers, parseSessions, splitAnswers } from './runtime-answers.ts';

// All as printed by HAProxy 2.6.12.
const stateHeader =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';
const stateRow = (slot: string, admin: number) => `4 b1 1 ${slot} 127.0.0.1 2 ${admin} 1 1 0 1 0 0 8 0 0 0 - 9001 - 0 0 - - 0`;

test('several answers are told apart, silent ones included', () => {
  expect(splitAnswers('IP changed from x to y\n\n\nentry not found.\n\n')).toEqual(['IP changed from x to y', '', 'entry not found.']);
});

test.each([
  '',
  "IP changed from '192.0.2.1' to '127.0.0.1', port changed from '9' to '9001' by 'stats socket command'",
  "no need to change the addr, no need to change the port by 'stats socket command'",
])('"%s" counts as success', (answer) => {
  expect(() => checkSilent(['set server b1/s0 addr 127.0.0.1 port 9001'], [answer])).not.toThrow();
});

test.each(['No such backend.', 'entry not found.', 'Proxy is disabled.', 'Unknown command, but maybe one of the following ones is a better match:'])('"%s" is an error', (answer) => {
  const expected = expect.objectContaining({ code: 'proxy_unavailable', message: expect.stringContaining(answer) });
  expect(() => checkSilent(['set server b1/s0 state ready'], [answer])).toThrow(expected);
});

describe('show servers state', () => {
  test.each([
    [0, 'ready'],
    [4, 'ready'],
    [1, 'maint'],
    [5, 'maint'],
    [8, 'drain'],
    [12, 'drain'],
  ])('reads administrative state %i as %s', (admin, mode) => {
    expect(parseServers(`1\n${stateHeader}\n${stateRow('s0', admin)}`)).toEqual(new Map([['b1/s0', { address: '127.0.0.1', port: 9001, mode }]]));
  });

  test.each(["Can't find backend.", '', '2\n# other columns'])('refuses "%s"', (text) => {
    expect(() => parseServers(text)).toThrow(expect.objectContaining({ code: 'proxy_unavailable' }));
  });
});

test('show map and get map give backends by host', () => {
  expect(parseMap('0x55d7bdb1fd30 a.localhost b1\n0x55d7bde45cc0 zz b2')).toEqual(new Map([['a.localhost', 'b1'], ['zz', 'b2']]));
  const found = ['type=str, case=sensitive, found=yes, idx=tree, key="a.localhost", value="b1", type="str"', 'type=str, case=sensitive, found=no'];
  expect(parseFound(['a.localhost', 'zz'], found)).toEqual(new Map([['a.localhost', 'b1']]));
  expect(() => parseFound(['zz'], ['Unknown map identifier. Please use #<id> or <file>.'])).toThrow(expect.objectContaining({ code: 'proxy_unavailable' }));
});

test('show stat gives the larger of sessions and connections of each server', () => {
  const text = '# pxname,svname,scur,status,used_conn_cur,\nb1,s0,2,UP,1,\nb1,s1,0,MAINT,3,';
  expect(parseBusy(text)).toEqual(new Map([['b1/s0', 2], ['b1/s1', 3]]));
  expect(() => parseBusy('No such proxy.')).toThrow(expect.objectContaining({ code: 'proxy_unavailable' }));
});

test('show proc tells which workers a reload has replaced', () => {
  const header = '#<PID>          <type>          <reloads>       <uptime>        <version>      \n1               master          1 [failed: 0]   0d00h00m00s     2.6.12-1+deb12u4\n';
  const worker = (pid: number) => `${pid}              worker          0               0d00h00m00s     2.6.12-1+deb12u4\n`;
  expect(parseLateWorkers(`${header}# workers\n${worker(11)}# old workers\n${worker(7)}${worker(9)}# programs\n\n`)).toEqual(['7', '9']);
  expect(parseLateWorkers(`${header}# workers\n${worker(11)}# programs\n\n`)).toEqual([]);
});

test('show sess gives the sessions on the servers asked for', () => {
  const session = (id: string, server: string) => `${id}: proto=tcpv4 src=127.0.0.1:59820 fe=public be=b0 srv=${server} ts=00 epoch=0 age=1s\n`;
  expect(parseSessions(`${session('0x560f', 's0')}${session('0x7efe', 's1')}`, ['b0/s0', 'b1/s1'])).toEqual(['0x560f']);
});

test('show info gives one value, without what follows in other lines', () => {
  expect(infoValue('node: vm\ndescription: dockup-abc\nUptime_sec: 12\n', 'description')).toBe('dockup-abc');
});
