/** The OpenAPI document of Dokploy's API as it is answered here, by the plain protocol. It is made from the procedures, and so has the schemas of their replies: Dokploy's own has none. */
import { z } from 'zod';
import { catalog, dokployVersion } from './catalog.ts';
import { codeOf } from './failure.ts';
import { JsonText, type Listed, type Procedure } from './procedure.ts';

export const openApiDocument = z.looseObject({
  openapi: z.literal('3.1.0'),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  servers: z.array(z.looseObject({ url: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});
type OpenApiDocument = z.infer<typeof openApiDocument>;
type Schema = Record<string, unknown>;
type Schemas = Record<string, Schema>;

/** @returns the document for this address of the host, which is made when it is first asked for and kept */
export function createDescription(list: () => readonly Listed[]): (publicUrl: string) => JsonText {
  let kept: { publicUrl: string; document: JsonText } | undefined;
  return (publicUrl) => {
    if (kept?.publicUrl !== publicUrl) kept = { publicUrl, document: new JsonText(JSON.stringify(describe(list(), publicUrl))) };
    return kept.document;
  };
}

/** What any request can be refused for, what one to a procedure that works, and what one with a body. */
const refusals = { any: [401, 403, 429, 500, 501], working: [400, 404, 409, 502, 503, 504], body: [413] };
const answeredStatuses = Object.values(refusals).flat();

function describe(listed: readonly Listed[], publicUrl: string): OpenApiDocument {
  const schemas: Schemas = {};
  schemas['Error'] = toSchema(errorBody, schemas);
  const paths = Object.fromEntries(listed.map((entry) => [`/${entry.path}`, { [entry.method]: describeOperation(entry, schemas) }]));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Dokploy API, answered by Dockup',
      version: dokployVersion,
      description: 'Every procedure of Dokploy by its plain protocol: those that work here, with what they answer, and those that are answered with 501, with the reason. The API of Dockup itself is at `/api/v1/openapi.json`.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: `${publicUrl}/api`, description: 'This host' }],
    tags: Object.keys(catalog).map((name) => ({ name, description: describeRouter(listed.filter(({ path }) => path.startsWith(`${name}.`))) })),
    security: [{ 'x-api-key': [] }, { bearer: [] }],
    paths,
    components: {
      schemas,
      responses: Object.fromEntries(answeredStatuses.map((status) => [codeOf(status), describeRefusal(status)])),
      headers: { 'Retry-After': { description: 'Seconds after which trying again makes sense.', schema: { type: 'integer', example: 15 } } },
      securitySchemes: {
        'x-api-key': { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key.' },
        bearer: { type: 'http', scheme: 'bearer', description: 'The same key.' },
      },
    },
  };
}

function describeRouter(procedures: readonly Listed[]): string {
  const working = procedures.filter(({ procedure }) => procedure !== null).length;
  return working === 0 ? 'Not available here.' : `${working} of ${procedures.length} procedures work.`;
}

/** @param schemas takes up those that have a name */
function describeOperation({ path, method, procedure, instead }: Listed, schemas: Schemas): object {
  const [tag = ''] = path.split('.');
  const statuses = [...refusals.any, ...(procedure === null ? [] : refusals.working), ...(method === 'post' ? refusals.body : [])];
  const refused = Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${codeOf(status)}` }]));
  const common = { operationId: path.replace('.', '-'), tags: [tag], summary: path };
  if (procedure === null) return { ...common, description: instead, responses: { ...refused, 501: { description: instead, content: errorContent } } };
  return {
    ...common,
    description: `Needs \`${procedure.action}\`.`,
    ...describeInput(procedure, schemas),
    responses: { 200: describeReply(procedure, schemas), ...refused },
  };
}

function describeInput({ method, input }: Procedure, schemas: Schemas): object {
  const schema = toSchema(input, schemas);
  const properties = (schema['properties'] ?? {}) as Schemas;
  const required = (schema['required'] ?? []) as string[];
  if (method === 'post') return { requestBody: { required: required.length > 0, content: { 'application/json': { schema } } } };
  return { parameters: Object.entries(properties).map(([name, property]) => ({ name, in: 'query', required: required.includes(name), schema: property })) };
}

function describeReply({ output }: Procedure, schemas: Schemas): object {
  if (output === null) return { description: 'Done, or taken up. The body is empty.' };
  return { description: 'The answer.', content: { 'application/json': { schema: toSchema(output, schemas) } } };
}

/** What goes in is read by the schema, what comes out is answered as it is: of either it is the near side that is seen from outside. */
function toSchema(type: z.ZodType, schemas: Schemas): Schema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type, { io: 'input', override: ({ jsonSchema }) => withoutTimePattern(jsonSchema) });
  const { $defs, ...rest } = withPlacedRefs(schema);
  Object.assign(schemas, $defs);
  return rest;
}

/** The format says it, and the pattern is long. */
function withoutTimePattern(schema: { format?: string; pattern?: string }): void {
  if (schema.format === 'date-time') delete schema.pattern;
}

/** In a text of JSON every other `"$ref"` would have its quotes escaped. */
function withPlacedRefs(schema: object): Schema & { $defs?: Schemas } {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/')) as Schema;
}

const errorBody = z.object({
  message: z.string(),
  code: z.string().optional().meta({ description: 'Not with 401.', examples: ['NOT_FOUND'] }),
  data: z
    .object({
      code: z.string(),
      httpStatus: z.number().int(),
      path: z.string().optional().meta({ description: 'The procedure.', examples: ['application.one'] }),
      zodError: z.object({ formErrors: z.array(z.string()), fieldErrors: z.record(z.string(), z.array(z.string())) }).nullable(),
      dockupCode: z.string().meta({ description: 'The code that the API of Dockup has for it.', examples: ['app_not_found'] }),
    })
    .optional(),
  issues: z.array(z.looseObject({})).optional().meta({ description: 'What of the input does not fit, in the words of zod.' }),
});

const errorContent = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };

function describeRefusal(status: number): object {
  const code = codeOf(status);
  return {
    description: status === 400 ? `\`${code}\`. A body that is no JSON is answered with a text.` : `\`${code}\``,
    ...((status === 429 || status === 503) && { headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } }),
    content: status === 400 ? { ...errorContent, 'text/plain': { schema: { type: 'string', const: 'Invalid JSON' } } } : errorContent,
  };
}
