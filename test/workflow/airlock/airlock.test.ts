/** The Air-Lock: what fits a schema, what does not and why, and schemas that would do harm. */
import { Script } from 'node:vm';
import { beforeAll, expect, test, vi } from 'vitest';
import { noMetrics } from '../../../src/contracts/workflow/metrics.ts';
import type { Json, JsonObject } from '../../../src/values/json.ts';
import { withSchemaDefaults } from '../../../src/workflow/airlock/defaults.ts';
import { judge } from '../../../src/workflow/airlock/judge.ts';
import { schemaProblem, violations, violationText } from '../../../src/workflow/airlock/violations.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';

beforeAll(loadLanguage);

const triage: JsonObject = {
  type: 'object',
  required: ['category', 'confidence', 'ktsu_flags'],
  properties: {
    category: { type: 'string', enum: ['billing', 'bug'] },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    tags: { type: 'array', items: { type: 'string', format: 'email' } },
  },
};

test.each<[string, Json, readonly string[]]>([
  ['all that is required', { category: 'billing', confidence: 0.94, extra: true }, []],
  [
    'nothing of what is required',
    {},
    ['the value is missing required field "category"', 'the value is missing required field "confidence"'],
  ],
  ['a word that is not in the list', { category: 'x', confidence: 1 }, ['/category must be one of ["billing","bug"]']],
  ['a number out of range', { category: 'bug', confidence: 2 }, ['/confidence must be <= 1']],
  [
    'another type',
    { category: 'bug', confidence: 'high' },
    ['/confidence must be number, came a string of 4 characters'],
  ],
  [
    'a wrong element',
    { category: 'bug', confidence: 1, tags: ['a@b.test', 'no'] },
    ['/tags/1 must match format "email"'],
  ],
  ['a list', [], ['must be object, came an array of 0']],
])('invariant 9: every handoff is checked by the whole schema: %s', (_, output, said) => {
  const end = judge(output, { schemas: [triage], metrics: noMetrics });
  if (said.length === 0) expect(end).toMatchObject({ status: 'complete', output });
  else {
    expect(end).toMatchObject({ status: 'failed', code: 'output_invalid', raw_output: output });
    for (const text of said) expect(JSON.stringify(end)).toContain(JSON.stringify(text).slice(1, -1));
  }
});

test('what is only inherited does not count as given', () => {
  expect(violationText(violations({ type: 'object', required: ['constructor', 'toString'] }, {}))).toBe(
    'the value is missing required field "constructor"; the value is missing required field "toString"',
  );
});

test('properties that are not allowed are named, by pointers that are escaped', () => {
  expect(violations({ additionalProperties: false }, { 'a/b~c': 1 })).toEqual([
    { pointer: '/a~1b~0c', message: 'is not allowed' },
  ]);
});

test.each<[number, number, boolean]>([
  [0.3, 0.1, true],
  [19.99, 0.01, true],
  [-12345678.91, 0.01, true],
  [4.35, 0.01, true],
  [12391239123, 1e-8, true],
  [1e21, 7, false],
  [19.995, 0.01, false],
  [0.30000000000000004, 0.1, false],
  [0, 0.7, true],
])('multiples are those of numbers as they are written: %d of %d', (value, multipleOf, fits) => {
  for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema']) {
    const schema = { $schema, properties: { price: { type: 'number', multipleOf } } };
    const said = fits ? [] : [{ pointer: '/price', message: `must be multiple of ${multipleOf}` }];
    expect(violations(schema, { price: value })).toEqual(said);
    expect(schemaProblem({ $schema, multipleOf: 0 })).toMatch(/must be > 0/);
  }
});

test('at most twenty violations are said', () => {
  expect(
    violations(
      { items: { type: 'string' } },
      Array.from({ length: 1_000 }, (_, n) => n),
    ),
  ).toHaveLength(20);
});

test('draft-07 and 2020-12 are known by their names, and another dialect is refused', () => {
  const tuple = { items: [{ type: 'string' }] };
  expect(violations({ $schema: 'http://json-schema.org/draft-07/schema#', ...tuple }, [1])).toHaveLength(1);
  expect(
    violations({ $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] }, [1]),
  ).toHaveLength(1);
  expect(schemaProblem({ $schema: 'http://json-schema.org/draft-04/schema#' })).toContain('dialect');
});

test.each<[string, JsonObject, string]>([
  ['a wrong type', { properties: { a: { type: 'strin' } } }, '/properties/a/type'],
  ['a remote reference', { $ref: 'http://127.0.0.1:1/schema.json' }, 'nothing is fetched'],
  ['a reference to nothing', { $ref: '#/$defs/none' }, '#/$defs/none'],
  ['a pattern that is none', { pattern: '(' }, 'expression'],
])('a schema that cannot be used says why: %s', (_, schema, why) => {
  expect(schemaProblem(schema)).toContain(why);
  expect(schemaProblem({ type: 'object' })).toBeUndefined();
});

test('equal schemas may have the same id', () => {
  for (const type of ['string', 'number'])
    expect(
      schemaProblem({ $id: 'https://a.test/same', type, properties: { a: { $id: 'inner', type } } }),
    ).toBeUndefined();
});

test.each(['^(a+)+$', '^(a|aa)+$', '(a*)*b', 'a*a*a*a*a*a*b'])('a hostile pattern is ended: %s', (pattern) => {
  const bad = `${'a'.repeat(40)}!`;
  const [violation] = violations(
    { items: { type: 'string', pattern } },
    Array.from({ length: 50 }, () => `${bad}${'a'.repeat(2_000)}!`),
  );
  expect(violation?.message).toMatch(/takes more than 50 ms|must match pattern/);
});

test('a hostile pattern is ended after its time, also with many texts', () => {
  expect(
    violations(
      { items: { pattern: '^(a+)+$' } },
      Array.from({ length: 1_000 }, () => `${'a'.repeat(40)}!`),
    ),
  ).toEqual([{ pointer: '', message: expect.stringContaining('takes more than 50 ms') as string }]);
});

test('usual patterns are checked as they are', () => {
  for (const [pattern, good, bad] of [
    ['^[^@]+@[^@]+\\.[a-z]{2,}$', 'a@b.test', 'a@b'],
    ['^(?:foo|bar)-\\d{1,3}$', 'foo-12', 'foo-'],
    ['^[\\w-\\.]+$', 'a.b-c', 'a b'],
  ] as const) {
    expect(violations({ pattern }, good)).toEqual([]);
    expect(violations({ pattern }, bad)).toHaveLength(1);
  }
});

test('what keeps the processor from a pattern does not count: neither another program nor a suspended machine', () => {
  const suspended = Object.assign(new Error('Script execution timed out'), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' });
  const run = vi.spyOn(Script.prototype, 'runInContext').mockImplementationOnce(() => {
    throw suspended;
  });
  try {
    expect(violations({ pattern: '^[^@]+@[^@]+$' }, 'a@b.test')).toEqual([]);
    expect(run).toHaveBeenCalledTimes(2);
  } finally {
    run.mockRestore();
  }
});

test('a value that is nested too deeply for a recursive schema does not fit, and does no harm', () => {
  let deep: Json = {};
  for (let depth = 0; depth < 50_000; depth++) deep = { a: deep };
  expect(violations({ properties: { a: { $ref: '#' } } }, deep)).toHaveLength(1);
});

test('invariant 32: defaults of parameters are taken for what is missing, also inside of objects', () => {
  const schema: JsonObject = {
    properties: {
      a: { default: 1 },
      b: { type: 'object', properties: { c: { default: [2] } } },
      d: { default: {}, properties: { e: { default: 3 } } },
      f: { default: null },
    },
  };
  const given: JsonObject = { a: 0, b: {}, x: 1 };
  expect(withSchemaDefaults(schema, given)).toEqual({ a: 0, b: { c: [2] }, x: 1, d: { e: 3 }, f: null });
  expect(given).toEqual({ a: 0, b: {}, x: 1 });
});
