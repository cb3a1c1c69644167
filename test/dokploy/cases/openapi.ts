import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Plane } from '../../protocol/cases/scene.ts';
import { expectDokploy } from '../../support/dokploy-client.ts';
import { listed } from '../../../worker/dokploy/procedures.ts';

type Schema = Record<string, unknown>;

const content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));
const operation = z.looseObject({
  operationId: z.string(),
  tags: z.array(z.string()).length(1),
  description: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.literal('query'), required: z.boolean(), schema: z.record(z.string(), z.unknown()) })).optional(),
  requestBody: z.object({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string().optional(), content: content.optional(), $ref: z.string().optional() })),
});
const specification = z.looseObject({
  openapi: z.literal('3.1.0'),
  servers: z.array(z.object({ url: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ securitySchemes: z.record(z.string(), z.unknown()) }),
});

const working = listed.filter(({ procedure }) => procedure !== null);
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;

export function openApiCases(plane: Plane): void {
  let document: z.infer<typeof specification>;
  beforeAll(async () => {
    document = specification.parse(await expectDokploy(plane(), 'settings.getOpenApiDocument'));
  });
  const operationOf = ({ path, method }: { path: string; method: string }) => document.paths[`/${path}`]?.[method] as z.infer<typeof operation>;
  const at = (pointer: string) => pointer.slice(2).split('/').reduce<unknown>((value, key) => (value as Schema | undefined)?.[key], document);

  test('every procedure is in it once, by its method, under the name that Dokploy has for it', () => {
    const found = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`));
    expect(found.toSorted()).toEqual(listed.map(({ method, path }) => `${method} /${path} ${path.replace('.', '-')}`).toSorted());
    expect(found).toHaveLength(604);
    expect(document.servers.map(({ url }) => url)).toEqual([`http://localhost:${new URL(plane().url).port}/api`]);
    expect(document.components.securitySchemes).toMatchObject({ 'x-api-key': { type: 'apiKey', in: 'header', name: 'x-api-key' }, bearer: { type: 'http', scheme: 'bearer' } });
  });

  test('what works has a schema of its reply, which is not empty, or is said to answer nothing', () => {
    const reply = (entry: (typeof listed)[number]) => operationOf(entry).responses['200'];
    expect(working.filter((entry) => reply(entry) === undefined).map(nameOf)).toEqual([]);
    const empty = working.filter((entry) => {
      const schema = reply(entry)?.content?.['application/json']?.schema;
      return !['type', '$ref', 'anyOf', 'oneOf', 'const', 'enum'].some((key) => schema !== undefined && key in schema);
    });
    expect(empty.map(nameOf)).toEqual(working.filter(({ procedure }) => procedure?.output === null).map(nameOf));
    const shapeless = working.filter((entry) => {
      const { type, properties, additionalProperties } = reply(entry)?.content?.['application/json']?.schema ?? {};
      return type === 'object' && properties === undefined && additionalProperties === undefined;
    });
    expect(shapeless.map(nameOf)).toEqual([]);
  });

  test('input is the query of a GET and the body of a POST, with what is required', () => {
    expect(operationOf({ path: 'application.readLogs', method: 'get' }).parameters).toMatchObject([
      { name: 'applicationId', in: 'query', required: true, schema: { type: 'string' } },
      { name: 'tail', required: false, schema: { type: 'integer', default: 100 } },
      { name: 'since', required: false },
      { name: 'search', required: false },
    ]);
    const { requestBody, parameters } = operationOf({ path: 'application.saveDockerProvider', method: 'post' });
    expect([parameters, requestBody]).toMatchObject([undefined, { required: true, content: { 'application/json': { schema: { type: 'object', required: ['applicationId'], properties: { username: { type: ['string', 'null'] } } } } } }]);
    expect(working.filter((entry) => (entry.method === 'get') !== (operationOf(entry).requestBody === undefined)).map(nameOf)).toEqual([]);
  });

  test('what does not work says why, and answers nothing else', () => {
    for (const entry of listed.filter(({ procedure }) => procedure === null)) {
      const { responses, description } = operationOf(entry);
      expect.soft([description, responses['501']?.description, responses['200']], nameOf(entry)).toEqual([entry.instead, entry.instead, undefined]);
    }
  });

  test('everything that is referred to is there, errors have one schema, and a name stands for one schema', () => {
    const refs = new Set([...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, pointer = '']) => pointer));
    expect([...refs].filter((pointer) => !pointer.startsWith('#/components/') || at(pointer) === undefined)).toEqual([]);
    expect(refs).toContain('#/components/schemas/Application');
    const errors = Object.values(document.paths).flatMap((methods) => Object.values(methods)).flatMap(({ responses }) => Object.entries(responses).filter(([status]) => status >= '400'));
    const schemas = errors.map(([, { $ref, content: own }]) => (own ?? (at($ref ?? '') as { content: z.infer<typeof content> }).content)['application/json']?.schema['$ref']);
    expect(new Set(schemas)).toEqual(new Set(['#/components/schemas/Error']));
    const named = working.flatMap(({ procedure }) => [procedure?.input, procedure?.output].flatMap((schema) => Object.entries((schema && z.toJSONSchema(schema, { io: 'input' }).$defs) ?? {})));
    const versions = Map.groupBy(named, ([name]) => name);
    expect([...versions].filter(([, all]) => new Set(all.map(([, schema]) => JSON.stringify(schema))).size > 1).map(([name]) => name)).toEqual([]);
  });
}
