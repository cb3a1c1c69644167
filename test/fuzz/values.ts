/** Values that a schema allows, as arbitraries. */
import fc from 'fast-check';
import { follow, type Schema, type ServedDocument } from './documents.ts';
import { dokployHints } from './dokploy-hints.ts';
import { hints, hintsOf, type Hints } from './hints.ts';

const hintsIn: Readonly<Record<ServedDocument['name'], Hints>> = { dockup: hints, dokploy: dokployHints };

export interface Place {
  document: ServedDocument;
  operation: string;
  /** Of the parameter or property. */
  name: string;
}

const formats: Record<string, fc.Arbitrary<string>> = {
  'date-time': fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
  email: fc.emailAddress(),
  uri: fc.webUrl(),
};

export function valueOf(schema: Schema, place: Place): fc.Arbitrary<unknown> {
  const hint = hintsOf[place.operation]?.[place.name] ?? hintsIn[place.document.name][place.name];
  return hint ?? fromSchema(follow(place.document.root, schema), place);
}

function fromSchema(schema: Schema, place: Place): fc.Arbitrary<unknown> {
  const choices = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => fromSchema(follow(place.document.root, choice), place)));
  if (schema['const'] !== undefined) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const types = [schema['type'] ?? 'string'].flat() as string[];
  const values = fc.oneof(...types.map((type) => ofType(type, schema, place)));
  return schema['example'] === undefined ? values : fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: fc.constant(schema['example']) });
}

function ofType(type: string, schema: Schema, place: Place): fc.Arbitrary<unknown> {
  const least = Number(schema['minimum'] ?? 0);
  const most = Number(schema['maximum'] ?? 1_000_000);
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: Math.ceil(least), max: Math.floor(most) });
    case 'number':
      return fc.double({ min: least, max: most, noNaN: true });
    case 'array':
      return fc.array(valueOf((schema['items'] ?? {}) as Schema, { ...place, name: '' }), { minLength: Number(schema['minItems'] ?? 0), maxLength: Math.min(Number(schema['maxItems'] ?? 4), 4) });
    case 'object':
      return objectOf(schema, place);
    default:
      return textOf(schema);
  }
}

function objectOf(schema: Schema, place: Place): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  if (properties.length === 0 && typeof schema['additionalProperties'] === 'object') {
    return fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), valueOf(schema['additionalProperties'] as Schema, { ...place, name: '' }), { maxKeys: 4 });
  }
  const required = (schema['required'] ?? []) as string[];
  const optional = properties.map(([name]) => name).filter((name) => !required.includes(name));
  const all = fc.record(Object.fromEntries(properties.map(([name, property]) => [name, valueOf(property, { ...place, name })])));
  // With all of them at once some would seldom fit together.
  return fc.tuple(all, fc.subarray(optional, { maxLength: Math.min(optional.length, 3) })).map(([values, chosen]) => Object.fromEntries(Object.entries(values).filter(([name]) => required.includes(name) || chosen.includes(name))));
}

function textOf(schema: Schema): fc.Arbitrary<unknown> {
  const minLength = Number(schema['minLength'] ?? 0);
  const maxLength = Math.min(Number(schema['maxLength'] ?? 60), 300);
  const formatted = formats[String(schema['format'])];
  if (formatted !== undefined) return formatted;
  if (typeof schema['pattern'] === 'string') return matching(schema['pattern'], maxLength);
  return fc.oneof(fc.string({ minLength, maxLength }), fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 20)) }).filter((text) => text.length >= minLength && text.length <= maxLength));
}

/** Assertions ahead are left out of what makes the text, and looked at afterwards. */
function matching(source: string, maxLength: number): fc.Arbitrary<string> {
  const pattern = new RegExp(source);
  return fc.stringMatching(new RegExp(source.replaceAll(/\(\?!(?:[^()]|\([^()]*\))*\)/g, ''))).filter((text) => text.length <= maxLength && pattern.test(text));
}
