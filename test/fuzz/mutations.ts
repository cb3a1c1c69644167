/** Bodies and values that are not what a schema asks for. */
import fc from 'fast-check';

const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', 'unknown', 'id', '$ref', 'a/b~c', '\u0000', '\ud800'];
const deep = (open: string, close: string, inner: string, depth: number) => `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

/** Wrong almost everywhere. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', ' ', 0, -1, -0, 1.5, 1e21, 1e308, Number.MAX_SAFE_INTEGER + 2, [], {}, [[]], [null], '\u0000', 'a\u0000b', '\ud800', '\udfff x', '\u202e', '\ufeff', '../../etc/passwd', "' or 1=1 --", '$(reboot)', '`id`', '; reboot', '--upload-pack=x', '%00', '%', 'constructor', '__proto__', 'null', 'NaN', '-0', '1e3', '0x10', ' 1 ', '💥'.repeat(50)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(100, 257, 5_000, 70_000).map((length) => 'x'.repeat(length)),
  fc.double(),
  fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Text that is no JSON, or JSON that nobody expects as a whole. */
const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', ' ', '{', '}', '[]', '[{}]', 'null', 'true', '0', '"text"', '{}', '{,}', "{'a':1}", '{"a":1,}', 'undefined', '{"a":NaN}', '{"a":1e999}', '{"a":-1e999}', '\ufeff{}', '{"a":"\ud800"}', '{"a":"\\ud800"}', '{"\\u0000":1}', '{"a":"\t"}', '{}{}', '// no\n{}', 'name=x&slug=y'),
  fc.constantFrom(50, 2_000, 20_000).map((depth) => deep('[', ']', '', depth)),
  fc.constantFrom(50, 2_000, 20_000).map((depth) => deep('{"a":', '}', '1', depth)),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

type Change = (text: string, parsed: unknown) => string;

const asText = (value: unknown) => JSON.stringify(value) ?? '';

/** One change of a body that was right. */
const change: fc.Arbitrary<Change> = fc.oneof(
  // A field more; `__proto__` has to be written by hand.
  fc.tuple(fc.constantFrom(...names), oddValue).map(([name, value]): Change => (text) => (text.startsWith('{') ? text.replace(/^\{(?=\s*(.?))/, (_brace, next: string) => `{${asText(name)}:${asText(value) || '1'}${next === '}' ? '' : ','}`) : text)),
  // A field less.
  fc.nat().map((index): Change => (text, parsed) => withField(text, parsed, index, () => undefined)),
  // Another value, at the top or one below.
  fc.tuple(fc.nat(), oddValue).map(([index, value]): Change => (text, parsed) => withField(text, parsed, index, () => value)),
  fc.tuple(fc.nat(), fc.nat(), oddValue).map(([index, inner, value]): Change => (text, parsed) => withField(text, parsed, index, (old) => JSON.parse(withField(asText(old) || 'null', old, inner, () => value)) as unknown)),
  // The same name twice.
  fc.tuple(fc.nat(), oddValue).map(([index, value]): Change => (text, parsed) => {
    const name = pickName(parsed, index);
    return name === undefined ? text : text.replace(/\}$/, `,${asText(name)}:${asText(value) || '1'}}`);
  }),
  // Cut off.
  fc.nat().map((at): Change => (text) => text.slice(0, at % (text.length || 1))),
  fc.constant<Change>((text) => `[${text}]`),
  fc.constant<Change>((text) => `\ufeff${text}`),
);

export function oddBodies(right: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const changed = fc.tuple(right, fc.array(change, { minLength: 1, maxLength: 2 })).map(([value, changes]) => changes.reduce((text, one) => one(text, parse(text) ?? value), asText(value)));
  return fc.oneof({ weight: 5, arbitrary: changed }, { weight: 1, arbitrary: oddText }, { weight: 1, arbitrary: oddValue.map((value) => asText(value)) });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Cut off by a change before: there is nothing to pick from.
    return undefined;
  }
}

function pickName(parsed: unknown, index: number): string | undefined {
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const keys = Object.keys(parsed);
  return keys[index % (keys.length || 1)];
}

function withField(text: string, parsed: unknown, index: number, change: (old: unknown) => unknown): string {
  const name = pickName(parsed, index);
  if (name === undefined || typeof parsed !== 'object' || parsed === null) return text;
  const entries = Object.entries(parsed).map(([key, value]: [string, unknown]) => [key, key === name ? change(value) : value] as const);
  // An array keeps its form.
  return asText(Array.isArray(parsed) ? entries.map(([, value]) => value) : Object.fromEntries(entries));
}
