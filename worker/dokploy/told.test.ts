import { describe, expect, test, vi } from 'vitest';
import { idsIn } from './told.ts';

describe('what an entry of the audit log has of a procedure', () => {
  test('is the ids of what was asked and of what was answered, each once', () => {
    expect(idsIn({ projectId: 'prj_1', name: 'shop' }, { projectId: 'prj_1', environmentId: 'env_1' })).toEqual(['prj_1', 'env_1']);
    expect(idsIn({ name: 'shop' }, { project: { projectId: 'prj_1', env: '' }, environment: { environmentId: 'env_1' } })).toEqual(['prj_1', 'env_1']);
    expect(idsIn({ id: 'usr_1', serverId: null }, undefined)).toEqual(['usr_1']);
    expect(idsIn({ sourceEnvironmentId: 'env_1', selectedServices: [{ id: 'app_1', type: 'application' }, 'text'] }, { projectId: 'prj_2' })).toEqual(['env_1', 'app_1', 'prj_2']);
    expect(idsIn({ containerId: 'x'.repeat(200) }, true)).toEqual(['x'.repeat(100)]);
  });

  test('takes no text apart: one may have half a million characters', () => {
    const entries = vi.spyOn(Object, 'entries');
    expect(idsIn({ applicationId: 'app_1' }, { applicationId: 'app_1', env: 'LEVEL=info\n'.repeat(40_000) })).toEqual(['app_1']);
    expect(entries.mock.calls.filter(([thing]) => typeof thing === 'string')).toEqual([]);
    entries.mockRestore();
  });
});
