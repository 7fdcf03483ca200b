/** Templates at every position of a workflow: what they give, and what they refuse. */
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Json } from '../../../src/values/json.ts';
import { condition, listOf } from '../../../src/workflow/expressions/condition.ts';
import { resolveTemplates } from '../../../src/workflow/expressions/resolve.ts';
import { textOf } from '../../../src/workflow/expressions/text.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';
import { recordedD, recordedValues } from '../recorded.ts';

beforeAll(loadLanguage);

const values = recordedValues();

test.each<[string, Json]>([
  ['{{ step.d.n }}', 3],
  ['{{ step.d.obj }}', { k: 1 }],
  ['{{step.d.arr}}', [1, 'x']],
  ['{{ d.s }}', 'str'],
  ['{{ step.d.hy-phen }}', 'hv'],
  ['{{ step.d.nul }}', null],
  ['{{ step.nobody.x }}', null],
  ['{{ params.x }}', 'inx'],
  ['{{ env.FOO }}', 'fooval'],
  ['env:FOO', 'fooval'],
  ['param:x', 'inx'],
  ['`hello`', 'hello'],
  ['`5`', 5],
  ['pre {{ step.d.s }}', 'pre str'],
  ['{{ step.d.s }} {{ step.d.n }}', 'str 3'],
  ['{{ step.d.obj }} and {{ step.d.arr }}', '{"k":1} and [1,"x"]'],
  ['{{ step.d.nul }}!', '!'],
  ['{{ {a: {b: step.d.n}} }}', { a: { b: 3 } }],
  ["{{ '}}' }}", '}}'],
  ['step.d.n', 'step.d.n'],
  ['a literal', 'a literal'],
])('invariant 33: a parameter is a literal, a typed value or a text: %s', (raw, value) => {
  expect(resolveTemplates(raw, values, 'param')).toEqual({ value, sealed: [] });
});

test('whole numbers stay exact, also in text, and have no exponent', () => {
  const big = recordedValues({ params: { chat: 12_345_678_901_234, huge: 1e21, small: 0.5 } });
  expect(resolveTemplates('{{ params.chat }}', big, 'param').value).toBe(12_345_678_901_234);
  expect(resolveTemplates('#{{ params.chat }} {{ params.huge }} {{ params.small }}', big, 'text').value).toBe(
    '#12345678901234 1000000000000000000000 0.5',
  );
  expect(textOf(true)).toBe('true');
});

test('lists and objects are resolved at every depth, and other values stay', () => {
  const raw = { a: ['{{ step.d.n }}', { b: 'x {{ params.x }}' }], c: 5, d: null, e: false };
  expect(resolveTemplates(raw, values, 'param').value).toEqual({ a: [3, { b: 'x inx' }], c: 5, d: null, e: false });
});

test('the body of a webhook has typed values, bare expressions with a known beginning, and literals', () => {
  const body = {
    lit: 'critical',
    raw: "'quoted'",
    bt: '`"json"`',
    btn: '`5`',
    tpl: '{{ step.d.obj }}',
    bare: 'd.arr',
    num: 5,
    bool: true,
    nul: 'step.d.nul',
    env: '{{ env.FOO }}',
    envp: 'env:FOO',
    envmiss: 'env:NOPE',
    par: 'params.x',
    list: [1, 2],
    whole: 'step.d.items[*].name',
    hy: 'd.hy-phen',
    sentence: 'a b c',
    mixed: 'Hello {{ step.d.s }}',
    unknown: 'nobody.x',
  };
  expect(resolveTemplates(body, values, 'body').value).toEqual({
    lit: 'critical',
    raw: 'quoted',
    bt: 'json',
    btn: 5,
    tpl: { k: 1 },
    bare: [1, 'x'],
    num: 5,
    bool: true,
    env: 'fooval',
    envp: 'fooval',
    par: 'inx',
    list: [1, 2],
    whole: ['b', 'a', 'n', 'c'],
    hy: 'hv',
    sentence: 'a b c',
    mixed: 'Hello str',
    unknown: 'nobody.x',
  });
});

test('the item of a fan-out is typed, and its place is known', () => {
  const item = recordedValues({ item: { url: 'u', n: 7 }, itemIndex: 2 });
  expect(
    resolveTemplates(
      { a: '{{ item }}', b: '{{ item.n }}', c: '{{ item_index }}', d: 'at {{ item_index }}' },
      item,
      'param',
    ).value,
  ).toEqual({
    a: { url: 'u', n: 7 },
    b: 7,
    c: 2,
    d: 'at 2',
  });
});

test('the result of a transform is read as result and as output', () => {
  const transformed = recordedValues({ step: { t: { result: [1] }, own: { output: 'own', result: 1 } } });
  expect(
    resolveTemplates(
      ['{{ step.t.result }}', '{{ step.t.output }}', '{{ t.output[0] }}', '{{ step.own.output }}'],
      transformed,
      'param',
    ).value,
  ).toEqual([[1], [1], 1, 'own']);
});

test.each<[string, string]>([
  ['http://h/a/{{ step.d.s }}/{{ params.x }}?q={{ step.d.nul }}&e={{ env.FOO }}', 'http://h/a/str/inx?q=&e=fooval'],
  ['http://h/{{ params.evil }}/x', 'http://h/..%2F..%2Fadmin%3Fa=1&b%23/x'],
  ['http://h/x?q={{ params.evil }}', 'http://h/x?q=..%2F..%2Fadmin%3Fa%3D1%26b%23'],
  ['http://h/bot{{ params.token }}/sendMessage', 'http://h/bot12:ab/sendMessage'],
  ['{{ params.base }}/v1/{{ params.x }}', 'https://api.test:81/base/v1/inx'],
  ['{{ params.base }}', 'https://api.test:81/base'],
  ['https://{{ params.x }}.test/a', 'https://inx.test/a'],
  ['param:base', 'https://api.test:81/base'],
])('a value in a URL stays in its place: %s', (raw, url) => {
  const more = recordedValues({
    params: { x: 'inx', evil: '../../admin?a=1&b#', token: '12:ab', base: 'https://api.test:81/base' },
  });
  expect(resolveTemplates(raw, more, 'url').value).toBe(url);
});

test.each(['http://h/{{ params.a }}/x', 'http://{{ params.b }}.test/', 'http://h/.{{ params.c }}/x'])(
  'a value that would lead a URL elsewhere is refused: %s',
  (raw) => {
    const evil = recordedValues({ params: { a: '..', b: 'evil.test/x?', c: '.' } });
    expect(() => resolveTemplates(raw, evil, 'url')).toThrow(expect.objectContaining({ kind: 'invalid' }));
  },
);

test.each([
  ['{{ step.d.n', 'is not closed'],
  ['a {{ step.. }}', 'character'],
  ['{{ }}', 'empty'],
])('a template that cannot be read says why: %s', (raw, why) => {
  expect(() => resolveTemplates(raw, values, 'param')).toThrow(why);
});

test('a variable that is not there is an error in a parameter, and says what to do', () => {
  expect(() => resolveTemplates('env:NOPE', values, 'param')).toThrow(/"env:NOPE".*Declare it under env/);
});

test('a template cannot give more than a million characters', () => {
  const long = recordedValues({ params: { long: 'x'.repeat(600_000) } });
  expect(() => resolveTemplates('{{ params.long }}{{ params.long }}', long, 'text')).toThrow(
    expect.objectContaining({ kind: 'budget' }),
  );
});

test('a text without templates is itself at every position where text may stand', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!text.includes('{{') && !/^(?:env|param):|^`/.test(text));
      for (const position of ['param', 'header', 'text', 'url'] as const)
        expect(resolveTemplates(text, values, position).value).toBe(text);
    }),
  );
});

test('values are never read as templates again', () => {
  const forged = recordedValues({ params: { x: '{{ env.SECRET }}' }, sealed: { 'env.SECRET': { env: 'SECRET' } } });
  expect(resolveTemplates(['{{ params.x }}', 'a {{ params.x }}'], forged, 'param')).toEqual({
    value: ['{{ env.SECRET }}', 'a {{ env.SECRET }}'],
    sealed: [],
  });
});

test.each<[string, boolean]>([
  ['`true`', true],
  ['`false`', false],
  ["step.d.s == 'str'", true],
  ["step.d.s == 'st-r'", false],
  ['step.d.empty', true],
  ['step.d.eobj', true],
  ['step.d.zero', false],
  ['step.d.estr', false],
  ['step.d.f', false],
  ['step.d.nul', false],
  ['step.d.n', true],
  ['step.d.n > `2`', true],
  ['{{ step.d.n == `3` }}', true],
  ['step.d.nope != null', false],
  ["params.x == 'inx'", true],
  ["env.FOO == 'fooval'", true],
  ['d.ok', true],
  ['length(step.d.items) > `3`', true],
  // "!" binds closer than "." in JMESPath: this is (!step).d.f.
  ['step.d.ok && !step.d.f', false],
  ['step.d.ok && !(step.d.f)', true],
  ["step.d.hy-phen == 'h-v' || step.d.hy-phen == 'hv'", true],
])('invariant 25: a condition holds or does not: %s', (raw, holds) => {
  expect(condition(raw, values)).toBe(holds);
});

test.each(['step.d.n >', '{{ step.d.n }} and more', 'length(step.d.n)'])(
  'a condition that cannot be evaluated is an error, and no skip: %s',
  (raw) => {
    expect(() => condition(raw, values)).toThrow();
  },
);

test('the list of a fan-out is an expression, with or without braces', () => {
  expect(listOf('step.d.urls', values)).toBe(recordedD['urls']);
  expect(listOf('{{ d.urls }}', values)).toBe(recordedD['urls']);
});
