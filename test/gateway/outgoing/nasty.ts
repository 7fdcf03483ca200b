/** Transcripts and tools as models, servers and crashes have made them, from a seed. */
import type { Message, ToolCall, ToolSpec } from '../../../src/contracts/model.ts';
import type { Json, JsonObject } from '../../../src/values/json.ts';
import { seededRandom, type Random } from '../../../src/testing/world/random.ts';

const texts = [
  '',
  ' ',
  '\n\t',
  'Fine.',
  'It ends in a space ',
  'half \ud83d',
  '\udc4d back',
  'nul \0 inside',
  '👍🏽',
  '\u2028',
];
const names = [
  'look',
  'functions.look',
  'get x',
  'x'.repeat(80),
  '',
  '$',
  '查',
  '1st',
  '-dash',
  'a/b:c',
  '__proto__',
  'toString',
  'look\ud800',
];
const ids = ['', 'call_1', 'call_1', 'functions.look:0', 'toolu_01', 'x'.repeat(80), 'ид', 'a b', 'call_1\ud800'];
const inputs: readonly Json[] = [
  {},
  null,
  [],
  'text',
  7,
  true,
  { at: 'half \ud83d' },
  { 'key\ud800': 1 },
  { deep: [{ a: null }] },
];
const keys = ['at', '$filter', '@type', 'a b', 'x'.repeat(80), '', 'ключ', 'filter', '#', '__proto__x'];

/** A conversation without any order in it. */
export function nastyMessages(random: Random): Message[] {
  const call = (): ToolCall => ({
    id: random.pick(ids),
    name: random.pick(names),
    input: random.pick(inputs) as ToolCall['input'],
    ...(random.chance(0.1) ? { unreadable: '{"half' } : {}),
  });
  const many = <T>(most: number, make: () => T): T[] => Array.from({ length: random.between(0, most) }, make);
  return many(12, (): Message => {
    const kind = random.between(0, 2);
    if (kind === 0) return { role: 'user', text: random.pick(texts) };
    if (kind === 1) return { role: 'assistant', text: random.pick(texts), calls: many(4, call) };
    return {
      role: 'tool',
      results: many(4, () => ({
        id: random.pick(ids),
        name: random.pick(names),
        ok: random.chance(0.7),
        content: random.pick(texts),
      })),
    };
  });
}

/** A schema such as servers of tools send. */
export function nastySchema(random: Random, depth = 0): JsonObject {
  const inner = () => (depth > 3 ? {} : nastySchema(random, depth + 1));
  const some = <T>(make: () => T) => Array.from({ length: random.between(0, 3) }, make);
  const properties = () => Object.fromEntries(some(() => [random.pick(keys), inner()]));
  const kinds: (() => JsonObject)[] = [
    () => ({}),
    () => ({ type: 'object' }),
    () => ({ type: 'object', properties: properties(), required: some(() => random.pick(keys)) }),
    () => ({ properties: properties(), additionalProperties: inner() }),
    () => ({ type: 'array' }),
    () => ({ type: 'array', items: inner() }),
    () => ({ type: 'array', prefixItems: some(inner), items: false }),
    () => ({ type: 'array', items: some(inner) }),
    () => ({ type: ['string', 'null'], description: random.pick(texts), format: 'email', pattern: '(' }),
    () => ({ type: ['array', 'string', 'null'] }),
    () => ({ type: 'STRING', nullable: true, default: null }),
    () => ({ anyOf: some(inner) }),
    () => ({ oneOf: [inner(), { type: 'null' }] }),
    () => ({ type: 'object', properties: properties(), anyOf: [{ required: ['at'] }, { required: ['$filter'] }] }),
    () => ({ allOf: some(inner), not: inner(), if: inner() }),
    () => ({ enum: [1, 'a', null, { b: 1 }, ''] }),
    () => ({ enum: [] }),
    () => ({ const: random.pick<Json>(['a', 1, null, [1], { a: 1 }]) }),
    () => ({ type: 'integer', minimum: 0, exclusiveMinimum: true, multipleOf: 0, enum: [1, 2] }),
    () => ({
      $ref: random.pick([
        '#',
        '#/$defs/Tree',
        '#/definitions/Old',
        '#/nowhere',
        'https://example.com/x.json',
        '#/$defs/Me',
      ]),
    }),
    () => ({
      type: 'object',
      patternProperties: { '^x': {} },
      propertyNames: { maxLength: 3 },
      $schema: 'x',
      $id: 'y',
    }),
  ];
  const schema = random.pick(kinds)();
  if (depth > 0) return schema;
  return {
    ...schema,
    $defs: {
      Tree: {
        type: 'object',
        properties: { $kids: { type: 'array', items: { $ref: '#/$defs/Tree' } } },
        required: ['$kids'],
      },
      Me: { $ref: '#/$defs/Me' },
    },
    definitions: { Old: { type: 'string', id: 'old' } },
  };
}

export const nastyTools = (random: Random): ToolSpec[] =>
  Array.from({ length: random.between(0, 4) }, () => ({
    name: random.pick(names),
    description: random.pick(texts),
    input: nastySchema(random),
  }));

export const nastyRequest = (seed: number) => {
  const random = seededRandom(seed);
  return { instructions: random.pick(texts), messages: nastyMessages(random), tools: nastyTools(random) };
};
