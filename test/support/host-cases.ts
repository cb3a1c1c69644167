/** Groups of cases that ask one control plane, or what a test has made around one: the same list for either host. */
import { afterAll, beforeAll, describe, vi } from 'vitest';
import type { Host } from '../../scripts/local/settings.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

export interface CaseGroup<Subject> {
  name: string;
  /** @param subject there once the hooks have run */
  cases(subject: () => Subject): void;
}

export function testOnHost(title: string, host: Host, groups: readonly CaseGroup<ControlPlane>[]): void {
  testSubject({ title, host, groups, start: () => startControlPlane({ host }) });
}

interface Tested<Subject> {
  title: string;
  host: Host;
  start(): Promise<Subject>;
  groups: readonly CaseGroup<Subject>[];
}

export function testSubject<Subject extends { stop(): Promise<void> }>({ title, host, start, groups }: Tested<Subject>): void {
  vi.setConfig({ testTimeout: 30_000, hookTimeout: 120_000 });

  describe(`${title} on the ${host} host`, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(() => subject?.stop());

    describe.each(groups)('$name', ({ cases }) => {
      cases(() => subject);
    });
  });
}
