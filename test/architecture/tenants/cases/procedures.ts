/** Every procedure of Dokploy's API that works. */
import { expect, test } from 'vitest';
import { expectNothingDone, type World } from '../../../support/control-plane-world.ts';
import { callDokploy } from '../../../support/dokploy-client.ts';
import { idsIn, inputOf, missingOf, queries, references, refusalFor, schemaOf, type Working } from '../../../support/dokploy-references.ts';

export function procedureCases(world: () => World): void {
  const expected = (entry: Working, via: 'session' | 'api_key') => (refusalFor('member', via, entry) === null ? 404 : 403);

  test.each(references)('$title is refused as if it did not exist, nothing is changed, nothing is sent', async ({ entry, name, isRequired }) => {
    const { plane, ann, bob } = world();
    const theirs = String((idsIn(world(), ann) as Record<string, unknown>)[name] ?? '');
    const named = theirs === ann.app.id ? [theirs, ann.app.slug] : [theirs];
    await expectNothingDone(world(), async () => {
      for (const [key, via] of [[bob.key.text, 'api_key'], [bob.session, 'session']] as const) {
        const missing = await callDokploy(plane, entry.path, { ...inputOf(world(), entry, bob), [name]: missingOf(theirs) }, key);
        for (const value of named) {
          const reply = await callDokploy(plane, entry.path, { ...inputOf(world(), entry, bob), [name]: value }, key);
          expect([reply.status, reply.body]).toEqual([isRequired ? expected(entry, via) : missing.status, missing.body]);
          expect(missing.status).toBe(reply.status);
          for (const text of [ann.app.name, ann.key.text, ann.email, 'planted-env-value', 'nginx']) expect(JSON.stringify(reply.body ?? '')).not.toContain(text);
        }
      }
    });
  });

  test('what answers without being told of what holds nothing of theirs, and is refused where it is for administrators', async () => {
    const { plane, ann, bob } = world();
    await expectNothingDone(world(), async () => {
      for (const entry of queries.filter((one) => schemaOf(one).required.length === 0)) {
        const reply = await callDokploy(plane, entry.path, {}, bob.key.text);
        expect.soft(reply.status, entry.path).toBe(refusalFor('member', 'api_key', entry) === null ? 200 : 403);
        for (const text of [ann.app.id, ann.projectId, ann.app.slug, ann.key.id, ann.deploymentId, 'planted-env-value']) expect.soft(JSON.stringify(reply.body), entry.path).not.toContain(text);
      }
    });
  });
}
