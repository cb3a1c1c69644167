/** Groups of cases that ask one control plane: the same list for either host. */
import { afterAll, beforeAll, describe, vi } from 'vitest';
import type { Host } from '../../scripts/local/settings.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

export interface CaseGroup {
  name: string;
  /** @param plane there once the hooks have run */
  cases(plane: () => ControlPlane): void;
}

export function testOnHost(title: string, host: Host, groups: readonly CaseGroup[]): void {
  vi.setConfig({ testTimeout: 30_000, hookTimeout: 120_000 });

  describe(`${title} on the ${host} host`, () => {
    let plane: ControlPlane;
    beforeAll(async () => {
      plane = await startControlPlane({ host });
    });
    afterAll(() => plane?.stop());

    describe.each(groups)('$name', ({ cases }) => {
      cases(() => plane);
    });
  });
}
