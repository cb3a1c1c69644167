import { describe, expect, it } from 'vitest';
import { readRestartPolicy, toRestartPolicy, writeRestartPolicy } from './restart-policy.ts';

describe('the restart policy of a container', () => {
  it.each([
    ['no', 'no'],
    ['always', 'always'],
    ['unless-stopped', 'always'],
    ['on-failure', 'on-failure:3'],
  ] as const)('%s is written down as %s, and read again as what it was', (name, label) => {
    const policy = toRestartPolicy({ name, maximum_retries: 3 });
    expect(writeRestartPolicy(policy)).toBe(label);
    expect(readRestartPolicy(label)).toEqual(policy);
  });

  it.each([undefined, '', 'unless-stopped', 'on-failure:x', 'always;'])('is not known from the label %j', (label) => {
    expect(readRestartPolicy(label)).toBeNull();
  });
});
