/** The OpenAPI documents that a control plane serves, as the operations that requests are made for. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  isRequired: boolean;
  schema: Schema;
}

export interface DeclaredReply {
  /** Of each content type, where its schema stands: a JSON pointer into the document. */
  content: ReadonlyMap<string, string>;
  /** Problem codes that have an example. */
  codes: ReadonlySet<string>;
  headers: readonly { name: string; isRequired: boolean; schema: Schema }[];
}

export interface Operation {
  document: ServedDocument;
  id: string;
  method: string;
  /** `/api/v1/apps/{appId}` */
  path: string;
  parameters: readonly Parameter[];
  body: { isRequired: boolean; content: ReadonlyMap<string, Schema> } | null;
  replies: ReadonlyMap<number, DeclaredReply>;
  /** Whether it asks for an executor instead of a person; null: for nobody. */
  asks: 'person' | 'executor' | null;
}

export interface ServedDocument {
  name: keyof typeof documents;
  root: Schema;
}

/** Every document: where it is served, and where what it describes begins. Whatever is added here is fuzzed, too. */
export const documents = {
  dockup: { path: '/api/v1/openapi.json', base: '' },
  dokploy: { path: '/api/settings.getOpenApiDocument', base: '/api' },
} as const;

export async function loadOperations(fetchDocument: (path: string) => Promise<unknown>): Promise<Operation[]> {
  // The keys of the table above.
  const names = Object.keys(documents) as (keyof typeof documents)[];
  const all = await Promise.all(
    names.map(async (name) => {
      // Checked by use: what is missing in it makes no operation.
      const root = (await fetchDocument(documents[name].path)) as Schema;
      return readOperations({ name, root });
    }),
  );
  return all.flat();
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

function readOperations(document: ServedDocument): Operation[] {
  const at = (value: unknown): Schema => follow(document.root, value);
  const entries = (value: unknown): [string, unknown][] => Object.entries(at(value ?? {}));
  return entries(document.root['paths']).flatMap(([path, item]) =>
    entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, value]): Operation => {
        const operation = at(value);
        const pointer = `/paths/${escape(path)}/${method}`;
        return {
          document,
          id: String(operation['operationId']),
          method: method.toUpperCase(),
          path: `${documents[document.name].base}${path}`,
          // Whatever it is that they hold: a document that is no OpenAPI fails here.
          parameters: [...listOf(at(item)['parameters']), ...listOf(operation['parameters'])].map(at).map((parameter) => ({
            name: String(parameter['name']),
            in: parameter['in'] as Parameter['in'],
            isRequired: parameter['required'] === true,
            schema: at(parameter['schema']),
          })),
          body: operation['requestBody'] === undefined ? null : readBody(at(operation['requestBody'])),
          replies: new Map(entries(operation['responses']).map(([status, reply]) => [Number(status), readReply(reply, `${pointer}/responses/${status}`)])),
          asks: readSecurity(operation['security']),
        };
      }),
  );

  function readBody(body: Schema): NonNullable<Operation['body']> {
    return { isRequired: body['required'] === true, content: new Map(entries(body['content']).map(([type, media]) => [type, at(at(media)['schema'])])) };
  }

  function readReply(value: unknown, pointer: string): DeclaredReply {
    const reply = at(value);
    const place = isReference(value) ? value.$ref.slice(1) : pointer;
    const media = entries(reply['content']);
    return {
      content: new Map(media.map(([type]) => [type, `${place}/content/${escape(type)}/schema`])),
      codes: new Set(media.flatMap(([, one]) => entries(at(one)['examples']).map(([, example]) => String(at(at(example)['value'])['code'])))),
      headers: entries(reply['headers']).map(([name, header]) => ({ name, isRequired: at(header)['required'] === true, schema: at(at(header)['schema']) })),
    };
  }
}

function readSecurity(security: unknown): Operation['asks'] {
  const names = listOf(security).flatMap((one) => Object.keys(one ?? {}));
  if (names.includes('executorToken')) return 'executor';
  return names.length === 0 ? null : 'person';
}

function isReference(value: unknown): value is { $ref: string } {
  return typeof value === 'object' && value !== null && '$ref' in value && typeof value.$ref === 'string';
}

/** What is meant, where `value` is a reference within the document. */
export function follow(root: Schema, value: unknown): Schema {
  const target = isReference(value) ? value.$ref.slice(2).split('/').reduce<unknown>((place, part) => (place as Schema | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], root) : value;
  return isReference(target) ? follow(root, target) : ((target ?? {}) as Schema);
}

function listOf(value: unknown): readonly object[] {
  return Array.isArray(value) ? value : [];
}

/** A part of a JSON pointer in a URI fragment. */
function escape(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
