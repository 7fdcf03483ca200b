/** `tool(…)`: its definition, its types and its errors; and durations. */
import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { milliseconds } from '../../src/values/duration.ts';
import { localTools } from '../../src/tools/local.ts';
import { tool } from '../../src/tools/tool.ts';

const search = {
  name: 'search',
  description: 'Finds pages.',
  input: z.object({ query: z.string(), limit: z.number().optional() }),
  output: z.array(z.string()),
  run: () => [],
};

test('a tool needs no more than a name, a description, two schemas and a function', () => {
  const made = tool(search);
  expect(made).toMatchObject({
    effect: 'read',
    timeout: 60_000,
    idempotent: false,
    approval: false,
    tier: 'core',
    capabilities: [],
  });
  expect(made.schema).toMatchObject({ type: 'object', required: ['query'], properties: { query: { type: 'string' } } });
});

test('a tool cannot be changed once it is made', () => {
  const made = tool({ ...search, capabilities: ['web'] });
  expect(Object.isFrozen(made) && Object.isFrozen(made.capabilities)).toBe(true);
});

test("the types of run's input and output follow from the schemas", () => {
  const made = tool({
    ...search,
    run({ query, limit }) {
      expectTypeOf(query).toEqualTypeOf<string>();
      expectTypeOf(limit).toEqualTypeOf<number | undefined>();
      return [query];
    },
  });
  expectTypeOf<Parameters<typeof made.run>[0]>().toEqualTypeOf<{ query: string; limit?: number | undefined }>();
  // @ts-expect-error the output is an array of strings
  tool({ ...search, run: () => [1] });
  // Tools of different shapes go into one list.
  localTools([made, tool({ ...search, name: 'other', output: z.null(), run: () => null })]);
});

test.each([
  ['', 'name'],
  ['with space', 'name'],
  ['__proto__', 'name'],
  ['constructor', 'name'],
  ['x'.repeat(65), 'name'],
])('the name %j is refused', (name, words) => {
  expect(() => tool({ ...search, name })).toThrow(words);
});

test.each([
  ['no description', { description: ' ' }, 'needs a description'],
  ['an input that is not a schema', { input: { query: 'string' } }, 'input must be a zod schema'],
  ['an input that is not an object', { input: z.string() }, 'must be an object'],
  ['an input without a JSON form', { input: z.object({ at: z.date() }) }, 'cannot be said in JSON Schema'],
  ['an output that is not a schema', { output: 'string' }, 'output must be a zod schema'],
  ['no run function', { run: undefined }, 'run must be a function'],
  ['an unknown effect', { effect: 'delete' }, 'effect must be one of pure, read, write; got "delete"'],
  ['an unknown tier', { tier: 'first' }, 'tier must be one of core, toolchain, toolbelt'],
  ['no time', { timeout: '0s' }, 'A duration is a positive number'],
])('a tool with %s is refused, by name', (_, wrong, words) => {
  const define = () => tool({ ...search, ...wrong } as never);
  expect(define).toThrow(
    expect.objectContaining({ kind: 'definition', message: expect.stringContaining(words) as string }),
  );
});

test.each([
  ['500ms', 500],
  ['2m', 120_000],
  ['1.5s', 1_500],
  ['1d', 86_400_000],
  [250, 250],
  [0.2, 1],
] as const)('%s is %i milliseconds', (written, ms) => {
  expect(milliseconds(written)).toBe(ms);
});

test.each([
  0,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '0s',
  '-2s',
  '2',
  '2 s',
  's',
  '2w',
  '1e3s',
  '',
  undefined,
  null,
])('%s is not a duration', (wrong) => {
  expect(() => milliseconds(wrong as never)).toThrow(
    expect.objectContaining({ kind: 'definition', message: expect.stringContaining("such as '500ms'") as string }),
  );
});
