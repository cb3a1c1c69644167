/**
 * Golden messages of the link. Both ends are tested with them: what one writes here the other reads, byte for byte, and what is refused
 * here is refused by both. A change of this table is a change of the protocol.
 */
import type { Frame } from './frames.ts';
import type { ExecutorMessage, HubMessage } from './messages.ts';

interface Vector<Message> {
  name: string;
  /** As it stands on the wire. */
  text: string;
  message: Message;
}

export const executorVectors: Vector<ExecutorMessage>[] = [
  {
    name: 'hello',
    text: '{"type":"hello","protocol":1,"version":"0.1.0","capabilities":["deploy","logs"],"engine":{"version":"20.10.24","api_version":"1.41","os":"linux","arch":"amd64","cpus":2,"memory":4294967296},"ingress":{"scheme":"http","port":8080},"deployments":["dep_1k3m8v0qz9x4c7b2n5h6t0"]}',
    message: {
      type: 'hello',
      protocol: 1,
      version: '0.1.0',
      capabilities: ['deploy', 'logs'],
      engine: { version: '20.10.24', api_version: '1.41', os: 'linux', arch: 'amd64', cpus: 2, memory: 4_294_967_296 },
      ingress: { scheme: 'http', port: 8080 },
      deployments: ['dep_1k3m8v0qz9x4c7b2n5h6t0'],
    },
  },
  {
    name: 'hello without an engine',
    text: '{"type":"hello","protocol":2,"version":"1.0.0-rc.1","capabilities":[],"engine":null,"ingress":{"scheme":"https","port":443},"deployments":[]}',
    message: { type: 'hello', protocol: 2, version: '1.0.0-rc.1', capabilities: [], engine: null, ingress: { scheme: 'https', port: 443 }, deployments: [] },
  },
  {
    name: 'ok',
    text: '{"type":"ok","id":"c1","result":{"status":"running"}}',
    message: { type: 'ok', id: 'c1', result: { status: 'running' } },
  },
  {
    name: 'err',
    text: '{"type":"err","id":"c1","code":"engine_unreachable","message":"inspect container: connect ENOENT"}',
    message: { type: 'err', id: 'c1', code: 'engine_unreachable', message: 'inspect container: connect ENOENT' },
  },
  {
    name: 'err with the version that knows the method',
    text: '{"type":"err","id":"c1","code":"unsupported_command","message":"exec","minimum":2}',
    message: { type: 'err', id: 'c1', code: 'unsupported_command', message: 'exec', minimum: 2 },
  },
  { name: 'pulse', text: '{"type":"pulse","id":"c1"}', message: { type: 'pulse', id: 'c1' } },
  {
    name: 'event: transition',
    text: '{"type":"event","seq":1,"event":{"kind":"status","app":"app_1k3m8v0qz9x4c7b2n5h6t0","status":"crashed","reason":"exit code 137, out of memory","at":1795373428000}}',
    message: { type: 'event', seq: 1, event: { kind: 'status', app: 'app_1k3m8v0qz9x4c7b2n5h6t0', status: 'crashed', reason: 'exit code 137, out of memory', at: 1_795_373_428_000 } },
  },
  {
    name: 'event: usage of a minute',
    text: '{"type":"event","seq":5,"event":{"kind":"usage","minute":29922890,"apps":[{"app":"app_1","cpu":[12.5,40],"memory":[64,70.5],"network":[10240,20480],"block":[0,4096]}]}}',
    message: { type: 'event', seq: 5, event: { kind: 'usage', minute: 29_922_890, apps: [{ app: 'app_1', cpu: [12.5, 40], memory: [64, 70.5], network: [10_240, 20_480], block: [0, 4096] }] } },
  },
  {
    name: 'event: out of memory',
    text: '{"type":"event","seq":6,"event":{"kind":"oom","app":"app_1","deployment":"dep_1","at":1795373428004}}',
    message: { type: 'event', seq: 6, event: { kind: 'oom', app: 'app_1', deployment: 'dep_1', at: 1_795_373_428_004 } },
  },
  {
    name: 'event: how full the disks are',
    text: '{"type":"event","seq":7,"event":{"kind":"disk","at":1795373428005,"disks":[{"path":"/var/lib/docker","total":85899345920,"free":15032385536,"level":"warning"}]}}',
    message: { type: 'event', seq: 7, event: { kind: 'disk', at: 1_795_373_428_005, disks: [{ path: '/var/lib/docker', total: 85_899_345_920, free: 15_032_385_536, level: 'warning' }] } },
  },
  {
    name: 'event: report',
    text: '{"type":"event","seq":2,"event":{"kind":"report","at":1795373428001,"engine":"reachable","apps":[{"app":"app_1k3m8v0qz9x4c7b2n5h6t0","status":"running","cpu":1.5,"memory":24.1}]}}',
    message: {
      type: 'event',
      seq: 2,
      event: { kind: 'report', at: 1_795_373_428_001, engine: 'reachable', apps: [{ app: 'app_1k3m8v0qz9x4c7b2n5h6t0', status: 'running', cpu: 1.5, memory: 24.1 }] },
    },
  },
  {
    name: 'event: deployment under way',
    text: '{"type":"event","seq":3,"event":{"kind":"deployment","deployment":"dep_1","app":"app_1","status":"running","phase":"health","at":1795373428002,"image_id":"sha256:2c5f","failure":null}}',
    message: {
      type: 'event',
      seq: 3,
      event: { kind: 'deployment', deployment: 'dep_1', app: 'app_1', status: 'running', phase: 'health', at: 1_795_373_428_002, image_id: 'sha256:2c5f', failure: null },
    },
  },
  {
    name: 'event: deployment failed',
    text: '{"type":"event","seq":4,"event":{"kind":"deployment","deployment":"dep_1","app":"app_1","status":"failed","phase":"health","at":1795373428003,"image_id":null,"failure":{"code":"container_exited","message":"exit code 1","phase":"health","exit_code":1,"oom_killed":false,"last_probe":"connect ECONNREFUSED","logs":[{"time":"2026-11-22T18:50:28.123456789Z","stream":"stderr","text":"no such file"}]}}}',
    message: {
      type: 'event',
      seq: 4,
      event: {
        kind: 'deployment',
        deployment: 'dep_1',
        app: 'app_1',
        status: 'failed',
        phase: 'health',
        at: 1_795_373_428_003,
        image_id: null,
        failure: {
          code: 'container_exited',
          message: 'exit code 1',
          phase: 'health',
          exit_code: 1,
          oom_killed: false,
          last_probe: 'connect ECONNREFUSED',
          logs: [{ time: '2026-11-22T18:50:28.123456789Z', stream: 'stderr', text: 'no such file' }],
        },
      },
    },
  },
  { name: 'opened', text: '{"type":"opened","stream":4294967295,"credit":262144}', message: { type: 'opened', stream: 4_294_967_295, credit: 262_144 } },
  { name: 'close', text: '{"type":"close","stream":7}', message: { type: 'close', stream: 7 } },
  {
    name: 'close of a command that has ended',
    text: '{"type":"close","stream":7,"exit_code":137}',
    message: { type: 'close', stream: 7, exit_code: 137 },
  },
  {
    name: 'close of a stream that failed',
    text: '{"type":"close","stream":0,"code":"app_not_running","message":"The app is stopped."}',
    message: { type: 'close', stream: 0, code: 'app_not_running', message: 'The app is stopped.' },
  },
];

export const hubVectors: Vector<HubMessage>[] = [
  {
    name: 'welcome',
    text: '{"type":"welcome","protocol":1,"server":"srv_1k3m8v0qz9x4c7b2n5h6t0","epoch":1795373428000,"report_interval":30}',
    message: { type: 'welcome', protocol: 1, server: 'srv_1k3m8v0qz9x4c7b2n5h6t0', epoch: 1_795_373_428_000, report_interval: 30 },
  },
  {
    name: 'call',
    text: '{"type":"call","id":"c1","method":"act","params":{"app":"app_1","action":"restart"}}',
    message: { type: 'call', id: 'c1', method: 'act', params: { app: 'app_1', action: 'restart' } },
  },
  {
    name: 'call of a method of another version',
    text: '{"type":"call","id":"c2","method":"exec","params":null}',
    message: { type: 'call', id: 'c2', method: 'exec', params: null },
  },
  { name: 'cancel', text: '{"type":"cancel","id":"c1"}', message: { type: 'cancel', id: 'c1' } },
  { name: 'ack', text: '{"type":"ack","seq":3}', message: { type: 'ack', seq: 3 } },
  {
    name: 'open',
    text: '{"type":"open","stream":7,"kind":"stats","params":{"app":"app_1"},"credit":262144}',
    message: { type: 'open', stream: 7, kind: 'stats', params: { app: 'app_1' }, credit: 262_144 },
  },
  { name: 'resize', text: '{"type":"resize","stream":7,"cols":120,"rows":40}', message: { type: 'resize', stream: 7, cols: 120, rows: 40 } },
  { name: 'close', text: '{"type":"close","stream":7}', message: { type: 'close', stream: 7 } },
];

/** Binary messages, as hex; of both ends. */
export const frameVectors: { name: string; hex: string; frame: Frame }[] = [
  { name: 'data', hex: '10000000076869', frame: { kind: 'data', stream: 7, bytes: new Uint8Array([0x68, 0x69]) } },
  { name: 'data without any', hex: '1000000007', frame: { kind: 'data', stream: 7, bytes: new Uint8Array() } },
  { name: 'end', hex: '11ffffffff', frame: { kind: 'end', stream: 4_294_967_295 } },
  { name: 'numbered data', hex: '2000000007ff0000026869', frame: { kind: 'data', stream: 7, bytes: new Uint8Array([0x68, 0x69]), number: 255 } },
  { name: 'numbered end', hex: '21ffffffff00', frame: { kind: 'end', stream: 4_294_967_295, number: 0 } },
  { name: 'mark', hex: '230000000703', frame: { kind: 'mark', stream: 7, number: 3 } },
  { name: 'credit', hex: '120000000000040000', frame: { kind: 'credit', stream: 0, bytes: 262_144 } },
];

/** No frames. */
export const refusedFrames: { name: string; hex: string }[] = [
  { name: 'nothing', hex: '' },
  { name: 'half a header', hex: '10000000' },
  { name: 'another version', hex: '3000000007' },
  { name: 'version zero', hex: '0000000007' },
  { name: 'numbered data without its number', hex: '2000000007' },
  { name: 'numbered data without its length', hex: '2000000007ff' },
  { name: 'numbered data that is cut short', hex: '2000000007ff00000268' },
  { name: 'numbered data with more than it says', hex: '2000000007ff000002686970' },
  { name: 'numbered credit', hex: '22000000000000040000' },
  { name: 'unknown kind', hex: '1400000007' },
  { name: 'mark without a number', hex: '1300000007' },
  { name: 'mark with more than a number', hex: '23000000070300' },
  { name: 'credit without a number', hex: '1200000007' },
  { name: 'credit with too much', hex: '12000000070000000100' },
];

/** Refused by both ends, with a word on why. */
export const refusedVectors: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'no JSON', text: '{"type":"pulse",}' },
  { name: 'no object', text: '[{"type":"pulse","id":"c1"}]' },
  { name: 'no type', text: '{"id":"c1"}' },
  { name: 'unknown type', text: '{"type":"shout","id":"c1"}' },
  { name: 'name of a property of every object', text: '{"type":"constructor"}' },
  { name: 'unknown field', text: '{"type":"pulse","id":"c1","more":true}' },
  { name: 'empty id', text: '{"type":"pulse","id":""}' },
  { name: 'id that is too long', text: `{"type":"pulse","id":"${'x'.repeat(65)}"}` },
  { name: 'id that is a number', text: '{"type":"cancel","id":1}' },
  { name: 'unknown error code', text: '{"type":"err","id":"c1","code":"on_fire","message":""}' },
  { name: 'message of an error that is too long', text: `{"type":"err","id":"c1","code":"engine_error","message":"${'x'.repeat(2001)}"}` },
  { name: 'event number zero', text: '{"type":"event","seq":0,"event":{"kind":"status","app":"a","status":"running","reason":null,"at":1}}' },
  { name: 'event number that is no integer', text: '{"type":"ack","seq":1.5}' },
  { name: 'event of unknown kind', text: '{"type":"event","seq":1,"event":{"kind":"rumour"}}' },
  { name: 'unknown status', text: '{"type":"event","seq":1,"event":{"kind":"status","app":"a","status":"on fire","reason":null,"at":1}}' },
  { name: 'time before the epoch', text: '{"type":"event","seq":1,"event":{"kind":"status","app":"a","status":"running","reason":null,"at":-1}}' },
  { name: 'an average without a maximum', text: '{"type":"event","seq":1,"event":{"kind":"usage","minute":1,"apps":[{"app":"a","cpu":[1],"memory":[1,1],"network":[0,0],"block":[0,0]}]}}' },
  { name: 'negative usage', text: '{"type":"event","seq":1,"event":{"kind":"report","at":1,"engine":"reachable","apps":[{"app":"a","status":"running","cpu":-1,"memory":0}]}}' },
  { name: 'protocol zero', text: '{"type":"hello","protocol":0,"version":"0.1.0","capabilities":[],"engine":null,"ingress":{"scheme":"http","port":80},"deployments":[]}' },
  { name: 'port that is none', text: '{"type":"hello","protocol":1,"version":"0.1.0","capabilities":[],"engine":null,"ingress":{"scheme":"http","port":65536},"deployments":[]}' },
  { name: 'welcome without an epoch', text: '{"type":"welcome","protocol":1,"server":"srv_1","report_interval":30}' },
  { name: 'stream number that is too large', text: '{"type":"close","stream":4294967296}' },
  { name: 'stream without a number', text: '{"type":"opened","credit":1}' },
  { name: 'first credit of nothing', text: '{"type":"open","stream":7,"kind":"stats","params":{},"credit":0}' },
  { name: 'terminal without columns', text: '{"type":"resize","stream":7,"cols":0,"rows":24}' },
  { name: 'end with an unknown code', text: '{"type":"close","stream":7,"code":"on_fire"}' },
  { name: 'call without a method', text: '{"type":"call","id":"c1","params":{}}' },
];
