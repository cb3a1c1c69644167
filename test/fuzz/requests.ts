/** Requests for an operation, right ones and wrong ones, as arbitraries. Nothing in them is of one run: see `placeholders.ts`. */
import fc from 'fast-check';
import type { Operation, Parameter } from './documents.ts';
import { oddBodies, oddValue } from './mutations.ts';
import { fresh, kinds, keptOf, namesKept, oneOf } from './placeholders.ts';
import { recipes } from './recipes.ts';
import { valueOf } from './values.ts';

export interface Draft {
  method: string;
  /** With its query. */
  target: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  /** Whose token. */
  persona: string;
  /** As a WebSocket client. */
  isSocket: boolean;
}

type Pairs = readonly (readonly [name: string, value: string])[];

const administrators = ['administrator.session', 'administrator.key'] as const;
export const personas = [...administrators, 'ann.session', 'ann.key', 'bob.session', 'bob.key', 'carl.session', 'carl.key', 'ann.logs', 'ann.bounded', 'executor', 'garbage', 'unsigned', 'basic', 'none'] as const;
/** Who may try to take away what has to stay. */
const harmless = new Set(['carl.session', 'carl.key', 'ann.logs', 'garbage', 'unsigned', 'basic', 'none']);
const harmful = new Set(['updateUser', 'patchUser', 'revokeServer', 'application-delete', 'environment-remove', 'project-remove', 'server-remove', 'user-remove', 'user-deleteApiKey']);

/** Whether it takes away what it names, or what somebody may do. */
export function isHarmful({ id, method }: Operation): boolean {
  return method === 'DELETE' || harmful.has(id);
}

/** Node lets a request line and its headers have 16 KB, and workerd no more. */
const longest = 3_000;

/** Not every object has a text of its own. */
const toText = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const encode = (value: unknown) => encodeURIComponent(toText(value).toWellFormed().slice(0, longest).toWellFormed()).slice(0, 2 * longest);

export function draftsOf(operation: Operation): fc.Arbitrary<Draft> {
  const right = fc.record({ path: rightPath(operation), query: rightQuery(operation), headers: rightHeaders(operation), body: rightBody(operation), persona: rightPersona(operation), isSocket: fc.constant(isForSockets(operation)) });
  const maybe = <T>(ours: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 2) => fc.oneof({ weight, arbitrary: ours }, { weight: 1, arbitrary: odd });
  const wrong = fc.record({
    path: maybe(rightPath(operation), oddPath(operation)),
    query: maybe(rightQuery(operation), oddQuery(operation)),
    headers: maybe(rightHeaders(operation), oddHeaders(operation)),
    body: maybe(rightBody(operation), oddBody(operation), 1),
    persona: fc.oneof(rightPersona(operation), fc.constantFrom(...personas)),
    isSocket: takesSockets(operation) ? fc.boolean() : fc.constant(false),
  });
  return fc.oneof({ weight: 3, arbitrary: right }, { weight: 2, arbitrary: wrong }).map(({ path, query, headers, body, persona, isSocket }) => {
    const target = query.length === 0 ? path : `${path}?${query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}`;
    const takesAway = isHarmful(operation);
    const named = JSON.stringify([target, body]);
    const isLockout = recipes[operation.id]?.endsSessions === true && persona.endsWith('.session');
    const { onlyFor } = recipes[operation.id] ?? {};
    const isForOthers = onlyFor !== undefined && !named.includes(onlyFor);
    const asked = isForOthers ? 'carl.session' : isLockout ? persona.replace('.session', '.key') : takesAway && namesKept(named) && !harmless.has(persona) ? 'carl.session' : persona;
    return { method: operation.method, target, headers: { ...body?.headers, ...Object.fromEntries(headers) }, body: body?.text ?? null, persona: asked, isSocket };
  });
}

/** Whether it has another answer to an upgrade. */
function takesSockets({ replies }: Operation): boolean {
  return replies.has(101);
}

function isForSockets(operation: Operation): boolean {
  return takesSockets(operation) && !operation.replies.has(200);
}

function rightPersona({ id, asks }: Operation): fc.Arbitrary<string> {
  const { persona } = recipes[id] ?? {};
  if (persona !== undefined) return fc.constant(persona);
  if (asks === 'executor') return fc.constant('executor');
  return fc.constantFrom(...administrators);
}

const parametersIn = ({ parameters }: Operation, place: Parameter['in']) => parameters.filter((parameter) => parameter.in === place);

function fillPath(operation: Operation, valueFor: (parameter: Parameter) => fc.Arbitrary<string>): fc.Arbitrary<string> {
  const values = fc.record(Object.fromEntries(parametersIn(operation, 'path').map((parameter) => [parameter.name, valueFor(parameter)])));
  return values.map((given) => operation.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => given[name] ?? ''));
}

function rightPath(operation: Operation): fc.Arbitrary<string> {
  return fillPath(operation, (parameter) => {
    const fixed = recipes[operation.id]?.path?.[parameter.name];
    return fixed === undefined ? valueOf(parameter.schema, { document: operation.document, operation: operation.id, name: parameter.name }).map(encode) : fc.constant(fixed);
  });
}

const zeros = '0'.repeat(22);
const oddSegment: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(`app_${zeros}`, `prj_${zeros}`, `dep_${zeros}`, `srv_${zeros}`, `usr_${zeros}`, `key_${zeros}`, '0'.repeat(32), 'nowhere'),
  fc.tuple(fc.constantFrom(...kinds), fc.nat({ max: 9 })).map(([kind, index]) => oneOf(kind, index)),
  fc.tuple(fc.constantFrom('ann' as const, 'bob' as const), fc.constantFrom('app' as const, 'project' as const, 'deployment' as const, 'user' as const, 'key' as const)).map(([person, kind]) => keptOf(person, kind)),
  oddValue.map(encode),
  // As it is: broken encodings, encodings of what has a meaning in a path, encoded bytes that are no UTF-8.
  fc.constantFrom('%', '%zz', '%ff', '%c3%28', '%00', '%2e%2e', '..', '.', '%2f', 'a%2fb', '%252e', '%5c', '%0d%0a', 'a%20b', ';x=1', '*', "'", '"', '{appId}', ':id', '-', 'a'.repeat(4_000), '%f0%9f%92%a5', '%ed%a0%80', '+', '@', '[]', '|'),
  fc.string({ unit: 'binary', maxLength: 20 }).map(encode),
);

function oddPath(operation: Operation): fc.Arbitrary<string> {
  return fillPath(operation, () => oddSegment);
}

function rightQuery(operation: Operation): fc.Arbitrary<Pairs> {
  const { query: fixed, example } = recipes[operation.id] ?? {};
  if (fixed !== undefined) return fc.constant(Object.entries(fixed));
  const made = madeQuery(operation);
  return example === undefined || operation.method !== 'GET' ? made : fc.oneof(fc.constant(Object.entries(example).map(([name, value]) => [name, toText(value)] as const)), made);
}

function madeQuery(operation: Operation): fc.Arbitrary<Pairs> {
  // Who comes by a token of the address, and cursors, which are of one list each, are tried with the wrong ones.
  const parameters = parametersIn(operation, 'query').filter(({ name }) => !['token', 'ticket', 'cursor'].includes(name));
  return chosen(parameters, operation).map((pairs) => pairs.flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => [name, String(one)] as const) : [[name, String(value)] as const])));
}

/** Some of the parameters that may be left out, all of those that may not. */
function chosen(parameters: readonly Parameter[], { document, id }: Operation): fc.Arbitrary<[string, unknown][]> {
  const values = Object.fromEntries(parameters.map(({ name, schema }) => [name, valueOf(schema, { document, operation: id, name })]));
  return fc.record(values, { requiredKeys: parameters.filter(({ isRequired }) => isRequired).map(({ name }) => name) }).map((given) => Object.entries(given));
}

function oddQuery(operation: Operation): fc.Arbitrary<Pairs> {
  const names = [...parametersIn(operation, 'query').map(({ name }) => name), 'unknown', '__proto__', 'toString', 'limit', 'limit[]', '', 'access_token'];
  const pair = fc.tuple(fc.constantFrom(...names), fc.oneof(oddValue.map(toText), fc.constantFrom(keptOf('bob', 'app'), keptOf('bob', 'deployment'), oneOf('ticket', 0), oneOf('cursor', 1), oneOf('event', 2), `x${fresh}`)));
  return fc.tuple(rightQuery(operation), fc.array(pair, { minLength: 1, maxLength: 3 })).map(([ours, more]) => [...ours, ...more]);
}

/** What headers that are right say, by name. */
const headerValues: Readonly<Record<string, string>> = { 'tus-resumable': '1.0.0', 'upload-length': '7', 'upload-offset': '0', 'idempotency-key': `"${fresh}"` };

function rightHeaders(operation: Operation): fc.Arbitrary<Pairs> {
  const known = parametersIn(operation, 'header').filter(({ name }) => headerValues[name.toLowerCase()] !== undefined);
  const isSent = known.map(({ name, isRequired }) => (isRequired || name === 'Upload-Length' ? fc.constant([name]) : fc.constantFrom([name], [])));
  return fc.tuple(...isSent).map((lists) => lists.flat().map((name) => [name, headerValues[name.toLowerCase()] ?? ''] as const));
}

/** What HTTP lets a header hold. */
const headerText = oddValue.map((value) => toText(value).replaceAll(/[^\t\u0020-\u007e\u00a0-\u00ff]/g, '').slice(0, longest));

function oddHeaders(operation: Operation): fc.Arbitrary<Pairs> {
  const declared = parametersIn(operation, 'header').map(({ name }) => name);
  const odd = fc.oneof(
    fc.tuple(fc.constantFrom(...declared, 'Prefer', 'Accept', 'Accept-Encoding', 'Origin', 'Cookie', 'Last-Event-ID', 'If-None-Match', 'X-Forwarded-For', 'CF-Connecting-IP', 'X-HTTP-Method-Override', 'Content-Language', 'Sec-WebSocket-Protocol', 'X-Request-Id'), headerText),
    fc.constantFrom(
      ['Prefer', 'wait=0'], ['Prefer', 'respond-async, wait=1'], ['Accept', 'text/html'], ['Accept', 'application/xml;q=0.1'], ['Accept', 'text/event-stream'], ['Origin', 'https://elsewhere.example'], ['Range', 'bytes=0-1'], ['If-Match', '"x"'],
      ['Idempotency-Key', 'same'], ['Idempotency-Key', '"same"'], ['Idempotency-Key', ''], ['Idempotency-Key', '"'], ['Idempotency-Key', 'x'.repeat(256)], ['Upload-Defer-Length', '1'], ['Upload-Length', '-1'], ['Upload-Metadata', 'sha256 !!'], ['Tus-Resumable', '0.2.2'],
    ).map((pair) => pair as [string, string]),
    // A content type that is not the body's.
    fc.tuple(fc.constant('Content-Type'), fc.constantFrom('', 'text/plain', 'application/json; charset=utf-16', 'application/JSON', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json;', 'application/octet-stream', 'application/x-tar', 'x', '*/*', 'application/offset+octet-stream')),
  );
  return fc.tuple(rightHeaders(operation), fc.array(odd, { minLength: 1, maxLength: 3 })).map(([ours, more]) => [...ours, ...more]);
}

interface Body {
  text: string;
  headers: Record<string, string>;
}

const bytes = fc.constantFrom('archive', '');

function rightBody(operation: Operation): fc.Arbitrary<Body | null> {
  const { body } = operation;
  if (body === null) return fc.constant(null);
  const bodies = [...body.content].map(([type]) => (type.includes('json') ? rightValue(operation, type).map((value) => JSON.stringify(value)) : bytes).map((text): Body => ({ text, headers: { 'Content-Type': type } })));
  const some = fc.oneof(...bodies);
  return body.isRequired ? some.filter(({ text }) => text !== '') : fc.oneof(some, fc.constant(null));
}

function rightValue({ id, document, body }: Operation, type: string): fc.Arbitrary<unknown> {
  const { body: fixed, example } = recipes[id] ?? {};
  const schema = body?.content.get(type) ?? {};
  const value = valueOf(schema, { document, operation: id, name: '' });
  if (example !== undefined) return fc.oneof(fc.constant(example), value);
  if (fixed === undefined) return value;
  // A recipe without a field: only what has to be there, now and then.
  if (Object.keys(fixed).length > 0) return fc.constant(fixed);
  const required = (schema['required'] ?? []) as string[];
  const least = value.map((all) => Object.fromEntries(Object.entries(all as object).filter(([name]) => required.includes(name))));
  return fc.oneof(value, least);
}

function oddBody(operation: Operation): fc.Arbitrary<Body | null> {
  const json = [...(operation.body?.content.keys() ?? [])].find((type) => type.includes('json'));
  const right = json === undefined ? fc.dictionary(fc.string(), fc.jsonValue()) : rightValue(operation, json);
  const type = json ?? [...(operation.body?.content.keys() ?? [])][0] ?? 'application/json';
  const odd = fc.oneof({ weight: 6, arbitrary: oddBodies(right).map((text): Body => ({ text, headers: { 'Content-Type': type } })) }, { weight: 1, arbitrary: oddBodies(right).map((text): Body => ({ text, headers: {} })) }, { weight: 1, arbitrary: fc.constant(null) });
  return odd;
}
