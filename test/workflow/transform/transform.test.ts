/** Transforms: the six operations on recorded data, and what they promise on any data. */
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Json } from '../../../src/values/json.ts';
import type { TransformOperation } from '../../../src/contracts/workflow/transformDefinition.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';
import { transform } from '../../../src/workflow/transform/transform.ts';
import { recordedD, recordedD2, recordedValues } from '../recorded.ts';

beforeAll(loadLanguage);

const map = (expr: string): TransformOperation => ({ op: 'map', expr });
const filter = (expr: string): TransformOperation => ({ op: 'filter', expr });
const sort = (field: string, order: 'asc' | 'desc' = 'asc'): TransformOperation => ({ op: 'sort', field, order });
const unique = (field: string): TransformOperation => ({ op: 'deduplicate', field });
const merge = (...steps: string[]): TransformOperation => ({ op: 'merge', steps });
const flatten: TransformOperation = { op: 'flatten' };

const run = async (
  inputs: readonly string[],
  ops: readonly TransformOperation[],
  values = recordedValues(),
): Promise<Json> => (await transform({ inputs, ops }, values)).result;

const [b, a, n, c] = recordedD['items'] as readonly Json[];
const all = [b, a, n, c, { v: 7 }];

test.each<[string, readonly string[], readonly TransformOperation[], Json]>([
  ['one input is passed on', ['d'], [], recordedD],
  ['no input and no operation', [], [], null],
  ['an unknown input', ['nope'], [], null],
  ['map without data', [], [map('a')], []],
  ['filter without data', [], [filter('a')], []],
  [
    'merge without inputs',
    [],
    [merge('d', 'd2')],
    { ...recordedD, ...recordedD2, items: all, obj: { k: 2, z: 9 } } as Json,
  ],
  ['an input by template', ['{{ step.d.items }}'], [], [b, a, n, c] as Json],
  ['an input with a field', ['d.items'], [], [b, a, n, c] as Json],
  ['an input as step.id', ['step.d'], [], recordedD],
  ['an input as step.id.field', ['step.d.hy-phen'], [], 'hv'],
  ['the parameters of the workflow', ['params'], [], { x: 'inx' }],
  ['the parameters by their older name', ['input'], [map('x')], ['inx']],
  [
    'several inputs are merged deeply',
    ['d', 'd2'],
    [map('{obj: obj, s: s, items: items}')],
    [{ obj: { k: 2, z: 9 }, s: 'str2', items: all }] as Json,
  ],
  ['the later input wins', ['d2', 'd'], [map('{obj: obj, s: s}')], [{ obj: { k: 1, z: 9 }, s: 'str' }]],
  [
    'merge joins into the data',
    ['d'],
    [merge('d2'), map('{obj: obj, s: s, items: items, only2: only2}')],
    [{ obj: { k: 2, z: 9 }, s: 'str2', items: all, only2: 1 }] as Json,
  ],
  ['merge leaves an unknown step out', ['d'], [merge('zzz'), map('n')], [3]],
  ['merge takes step.id', [], [merge('step.d')], recordedD],
  ['merge takes step.id.field', [], [merge('step.d.obj', 'd2.obj')], { k: 2, z: 9 }],
  ['map of one object', ['d'], [map('items')], [[b, a, n, c]] as Json],
  ['map and flatten', ['d'], [map('items'), flatten], [b, a, n, c] as Json],
  ['flatten is one level', ['d'], [map('nested'), flatten, flatten], [1, 2, 3, 4]],
  ['flatten leaves what is no list', ['d'], [flatten, map('n')], [3]],
  ['filter keeps what is true', ['d'], [map('items'), flatten, filter('v > `1`')], [b, c] as Json],
  ['filter of one object', ['d'], [filter("s == 'str'"), map('n')], [3]],
  ['filter counts an empty list as false', ['d'], [filter('empty')], []],
  ['sort, what has no key last', ['d'], [map('items'), flatten, sort('v')], [a, b, c, n] as Json],
  [
    'sort backwards is stable, what has no key last',
    ['d'],
    [map('items'), flatten, sort('v', 'desc')],
    [b, c, a, n] as Json,
  ],
  [
    'sort of numbers and texts',
    ['d'],
    [map('mixed'), flatten, sort('k')],
    [{ k: 9 }, { k: 10 }, { k: 'a' }, { k: 'b' }, { k: null }],
  ],
  ['deduplicate keeps the first', ['d'], [map('items'), flatten, unique('v')], [b, a, n] as Json],
  ['deduplicate by a text', ['d'], [map('items'), flatten, unique('name'), map('name')], ['b', 'a', 'n', 'c']],
  ['deduplicate leaves what is no list', ['d'], [unique('v'), map('n')], [3]],
  ['deduplicate of an empty list', ['d'], [map('empty'), flatten, unique('v')], []],
  ['map keeps null', ['d'], [map('items'), flatten, map('v')], [2, 1, null, 2]],
  [
    'map with functions',
    ['d'],
    [map("{l: length(items), j: join(', ', items[*].name), m: max_by(items[?v], &v).name}")],
    [{ l: 4, j: 'b, a, n, c', m: 'b' }],
  ],
  ['map sees the item only', ['d'], [map('step.d.n')], [null]],
  [
    'map with literals',
    ['d'],
    [map('{a: `1`, b: \'raw\', c: `"q"`, d: `[1,2]`}')],
    [{ a: 1, b: 'raw', c: 'q', d: [1, 2] }],
  ],
])('invariant 23: a transform has six operations: %s', async (_, inputs, ops, result) => {
  expect(await run(inputs, ops)).toEqual(result);
});

test('objects with the same fields are the same key, in whatever order the fields are', async () => {
  const values = recordedValues({ item: [{ k: { a: 1, b: [{ c: 1, d: 2 }] } }, { k: { b: [{ d: 2, c: 1 }], a: 1 } }] });
  expect(await run(['item'], [unique('k')], values)).toEqual([{ k: { a: 1, b: [{ c: 1, d: 2 }] } }]);
});

test('1 and "1" are the same key, and so are null and nothing', async () => {
  const values = recordedValues({ item: [{ k: 1 }, { k: '1' }, { k: null }, {}, { k: '' }] });
  expect(await run(['item'], [unique('k')], values)).toEqual([{ k: 1 }, { k: null }, { k: '' }]);
});

test.each<[string, readonly TransformOperation[], object]>([
  ['filter', [filter('>>')], { kind: 'definition', data: { operation: 0, op: 'filter' } }],
  ['filter', [filter('')], { kind: 'definition' }],
  ['map', [map('{{ n }}')], { kind: 'definition' }],
  ['map', [map('n'), map('length(@)')], { kind: 'invalid', data: { operation: 1, op: 'map' } }],
  [
    'sort',
    [sort('v')],
    { kind: 'invalid', message: expect.stringContaining('Operation 1 of the transform, sort') as string },
  ],
])('an operation that fails is named: %s', async (_, ops, error) => {
  await expect(run(['d'], ops)).rejects.toMatchObject(error);
});

test('a transform cannot read a secret', async () => {
  const values = recordedValues({ sealed: { 'env.S': { env: 'S' } } });
  await expect(run(['{{ env.S }}'], [], values)).rejects.toThrow(/secret/);
});

test('a transform changes none of its inputs, whatever they are', async () => {
  const operation = fc.constantFrom(
    map('a'),
    map('@'),
    filter('a'),
    flatten,
    unique('a'),
    merge('e', 'd'),
    map('[@, a]'),
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), fc.array(operation, { maxLength: 5 }), async (d, e, ops) => {
      const before = JSON.stringify([d, e]);
      await run(['d', 'e'], ops, recordedValues({ step: { d: d as Json, e: e as Json } }));
      expect(JSON.stringify([d, e])).toBe(before);
    }),
  );
});

test('sorting keeps the order of equal keys, in both directions, and has one result for one set of keys', async () => {
  const key = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('1', 'a', 'b', null, true));
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { maxLength: 12 }),
      fc.constantFrom('asc' as const, 'desc' as const),
      async (keys, order) => {
        const items = keys.map((k, at) => ({ k, at }));
        const sorted = (await run(['item'], [sort('k', order)], recordedValues({ item: items }))) as readonly {
          k: Json;
          at: number;
        }[];
        for (const [at, next] of sorted.slice(1).entries())
          if (sorted[at]?.k === next.k) expect(sorted[at]?.at).toBeLessThan(next.at);
        const again = (await run(
          ['item'],
          [sort('k', order)],
          recordedValues({ item: items.toReversed() }),
        )) as readonly { k: Json }[];
        expect(again.map(({ k }) => k)).toEqual(sorted.map(({ k }) => k));
      },
    ),
  );
});

test('a long list gives other work its turn', async () => {
  let turns = 0;
  const items = Array.from({ length: 10_000 }, (_, at) => ({ at, name: `n${at % 7}` }));
  const { result } = await transform(
    { inputs: ['item'], ops: [map('{n: name, at: at}'), filter('at > `10`'), sort('n'), unique('n')] },
    recordedValues({ item: items }),
    () => {
      turns++;
      return Promise.resolve();
    },
  );
  expect(result).toHaveLength(7);
  expect(turns).toBeGreaterThan(500);
});
