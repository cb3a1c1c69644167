import { expect, test } from 'vitest';
import { refusal } from './packages.ts';

test('a machine where nothing is installed gets the commands to run by hand, with the packages and without their default services', () => {
  expect(refusal('Nothing is installed with --no-install.', ['dockerd', 'iptables', 'haproxy'])).toBe(
    [
      'Nothing is installed with --no-install. Missing: dockerd, iptables, haproxy. On Debian or Ubuntu, as root:',
      '  apt-get update && apt-get install -y --no-install-recommends docker.io iptables haproxy',
      '  systemctl disable --now haproxy',
      '  systemctl enable --now docker',
      'Then run the same command again.',
    ].join('\n'),
  );
});
