/** Secrets: sealed where they are read, found again for an effect, and taken out of what it gives. */
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Json } from '../../../src/values/json.ts';
import { condition } from '../../../src/workflow/expressions/condition.ts';
import { redact, redactFailure } from '../../../src/workflow/expressions/redact.ts';
import { resolveTemplates } from '../../../src/workflow/expressions/resolve.ts';
import { splitParams } from '../../../src/workflow/expressions/sealedParams.ts';
import { secretTexts, unseal } from '../../../src/workflow/expressions/unseal.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';
import { recordedValues } from '../recorded.ts';

beforeAll(loadLanguage);

const canary = 'c4nary/se:cret "x"';
const secrets = { secret: (name: string) => (name === 'SECRET' ? canary : undefined) };
const values = recordedValues({ sealed: { 'env.SECRET': { env: 'SECRET' } } });

const places: Json = {
  whole: '{{ env.SECRET }}',
  older: 'env:SECRET',
  mixed: 'Bearer {{ env.SECRET }} for {{ params.x }}',
  computed: '{{ {key: env.SECRET, of: step.d.n} }}',
  all: '{{ env }}',
  everything: '{{ length(keys(@)) }}',
  deep: [{ a: '{{ env.SECRET }}' }, 'open {{ params.x }}'],
};

test('what reads a secret is not evaluated, wherever it stands, and the rest is', () => {
  const resolved = resolveTemplates(places, values, 'param');
  expect(JSON.stringify(resolved)).not.toContain('c4nary');
  expect(resolved.value).toEqual({
    whole: null,
    older: null,
    mixed: null,
    computed: null,
    all: null,
    everything: null,
    deep: [{ a: null }, 'open inx'],
  });
  expect(resolved.sealed.map(({ path }) => path.join('.'))).toEqual([
    'whole',
    'older',
    'mixed',
    'computed',
    'all',
    'everything',
    'deep.0.a',
  ]);
});

test('a sealed value keeps only what its template reads, and comes back whole after it was stored', () => {
  const resolved = JSON.parse(JSON.stringify(resolveTemplates(places, values, 'param'))) as ReturnType<
    typeof resolveTemplates
  >;
  const mixed = resolved.sealed.find(({ path }) => path[0] === 'mixed');
  expect(mixed?.value).toMatchObject({ values: { params: { x: 'inx' }, env: {}, step: {} } });
  expect(unseal(resolved, secrets)).toEqual({
    whole: canary,
    older: canary,
    mixed: `Bearer ${canary} for inx`,
    computed: { key: canary, of: 3 },
    all: { FOO: 'fooval', SECRET: canary },
    everything: 5,
    deep: [{ a: canary }, 'open inx'],
  });
  expect(secretTexts(resolved, secrets)).toEqual([canary]);
});

test('a secret goes down a chain of workflows and agents as a sealed parameter', () => {
  const child = splitParams(
    resolveTemplates(
      { token: '{{ env.SECRET }}', conf: { key: '{{ env.SECRET }}', n: 1 }, open: '{{ params.x }}' },
      values,
      'param',
    ),
  );
  expect(child.params).toEqual({ open: 'inx' });
  expect(Object.keys(child.sealed)).toEqual(['params.token', 'params.conf']);
  const inner = { ...recordedValues({ env: {} }), ...child };
  const grandchild = resolveTemplates(
    { a: '{{ params.token }}', b: 'k={{ params.conf.key }}', c: '{{ params.conf }}', d: 'param:token' },
    inner,
    'param',
  );
  expect(grandchild.value).toEqual({ a: null, b: null, c: null, d: null });
  expect(unseal(grandchild, secrets)).toEqual({ a: canary, b: `k=${canary}`, c: { key: canary, n: 1 }, d: canary });
});

test('a secret in a URL is percent-encoded, and a URL that is a secret is not', () => {
  const [inPath, whole] = ['http://h/bot{{ env.SECRET }}/send?x={{ params.x }}', '{{ env.SECRET }}'].map((raw) =>
    unseal(resolveTemplates(raw, values, 'url'), secrets),
  );
  expect(inPath).toBe('http://h/botc4nary%2Fse:cret%20%22x%22/send?x=inx');
  expect(whole).toBe(canary);
});

test('a condition cannot read a secret', () => {
  expect(() => condition("env.SECRET == 'x'", values)).toThrow(/reads a secret/);
});

test('a secret that is not set is named by its variable', () => {
  expect(() => unseal(resolveTemplates('env:SECRET', values, 'header'), { secret: () => undefined })).toThrow(
    /SECRET is not set/,
  );
});

test('data cannot forge a sealed value', () => {
  const forged = recordedValues({
    params: { x: { env: 'SECRET', template: '{{ env.SECRET }}' } },
    sealed: values.sealed,
  });
  const resolved = resolveTemplates('{{ params.x }}', forged, 'param');
  expect(unseal(resolved, secrets)).toEqual(forged.params['x']);
});

test('no secret is left in a value, in clear or encoded, whatever they are', () => {
  const secret = fc
    .string({ minLength: 4, maxLength: 20, unit: 'binary' })
    .filter((text) => !'[REDACTED]'.includes(text));
  fc.assert(
    fc.property(secret, fc.jsonValue({ maxDepth: 2 }), fc.string(), (hidden, other, text) => {
      const value = {
        a: `${text}${hidden}${text}`,
        b: [JSON.stringify({ hidden }), encodeURIComponent(hidden.toWellFormed())],
        [hidden]: other as Json,
      };
      const clean = JSON.stringify(redact(value, ['zzzz', hidden]));
      const left = JSON.parse(clean) as { a: string; b: string[] };
      expect(left.a).not.toContain(hidden);
      expect(left.b.join()).not.toContain(hidden);
      expect(Object.keys(left)).not.toContain(hidden);
    }),
  );
});

test('the longer secret is taken out first, short ones are left, and a failure has none in any part', () => {
  expect(redact('abcdefgh abcd 1', ['abcd', 'abcdefgh', '1'])).toBe('[REDACTED] [REDACTED] 1');
  expect(redact({ n: 123_456 }, ['123456'])).toEqual({ n: '[REDACTED]' });
  expect(
    redactFailure(
      { kind: 'transient', message: `to ${canary}`, retryable: true, data: { url: `x${canary}` }, cause: canary },
      [canary],
    ),
  ).toEqual({
    kind: 'transient',
    message: 'to [REDACTED]',
    retryable: true,
    data: { url: 'x[REDACTED]' },
    cause: '[REDACTED]',
  });
});
