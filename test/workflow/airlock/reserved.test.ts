/** Reserved outputs: what each of them does, and in which order. */
import { beforeAll, expect, test } from 'vitest';
import { noMetrics } from '../../../src/contracts/workflow/metrics.ts';
import type { Json } from '../../../src/values/json.ts';
import { judge } from '../../../src/workflow/airlock/judge.ts';
import { fatalFlag } from '../../../src/workflow/airlock/reserved.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';

beforeAll(loadLanguage);

const end = (raw: Json, threshold?: number) =>
  judge(raw, {
    schemas: [{ required: ['ok', 'ktsu_confidence'] }],
    metrics: noMetrics,
    ...(threshold === undefined ? {} : { threshold }),
  });

test.each<[string, Json, object]>([
  [
    'an injection attempt',
    { ok: true, ktsu_injection_attempt: true },
    { status: 'failed', code: 'injection_attempt', failure: { message: 'injection attempt detected' } },
  ],
  ['untrusted content', { ok: true, ktsu_untrusted_content: true }, { status: 'failed', code: 'untrusted_content' }],
  ['low quality', { ok: true, ktsu_low_quality: true }, { status: 'failed', code: 'low_quality' }],
  [
    'a person is needed',
    { ok: true, ktsu_needs_human: true },
    { status: 'failed', code: 'needs_human_review', failure: { message: 'needs_human_review' } },
  ],
  [
    'an error of its own',
    { ok: true, _error: 'bad thing' },
    { status: 'failed', code: 'reported_error', failure: { kind: 'tool', message: 'bad thing' } },
  ],
  [
    'a reason to skip',
    { ktsu_skip_reason: 'nothing new', more: 1 },
    { status: 'skipped', reason: 'nothing new', output: { more: 1 } },
  ],
  ['an unknown one', { ok: true, ktsu_foo: 1 }, { status: 'complete', output: { ok: true } }],
  ['an empty error', { ok: true, _error: null }, { status: 'complete' }],
  [
    'a flag that is no boolean',
    { ok: true, ktsu_needs_human: 'true', ktsu_low_quality: 1 },
    { status: 'complete', output: { ok: true } },
  ],
  ['an empty reason to skip', { ok: true, ktsu_skip_reason: '' }, { status: 'complete' }],
  [
    'a business field skipped',
    { ok: true, skipped: true },
    { status: 'complete', output: { ok: true, skipped: true } },
  ],
  [
    'the first of several in their order',
    { _error: 'x', ktsu_skip_reason: 'y', ktsu_needs_human: true, ktsu_injection_attempt: true },
    { code: 'injection_attempt' },
  ],
  ['one before the schema is checked', { ktsu_low_quality: true }, { code: 'low_quality' }],
  ['none, and the schema is not met', {}, { code: 'output_invalid' }],
])('invariant 21: reserved outputs are evaluated before the Air-Lock and taken out: %s', (_, raw, expected) => {
  expect(end(raw)).toMatchObject(expected);
});

test.each<[number | undefined, number | undefined, string]>([
  [0.5, 0.8, 'failed'],
  [0.8, 0.8, 'complete'],
  [0.9, 0.8, 'complete'],
  [undefined, 0.8, 'failed'],
  [undefined, 0, 'complete'],
  [0.1, undefined, 'complete'],
])('a confidence of %s with a threshold of %s is %s', (confidence, threshold, status) => {
  const judged = end({ ok: true, ...(confidence === undefined ? {} : { ktsu_confidence: confidence }) }, threshold);
  expect(judged.status).toBe(status);
  if (judged.status === 'failed') expect(judged.code).toBe('confidence_below_threshold');
});

test('confidence, flags and rationale are noted, whatever the verdict is', () => {
  const notes = { ktsu_confidence: 0.4, ktsu_flags: ['x', 1], ktsu_rationale: 'because' };
  for (const raw of [{ ok: true, ...notes }, { ...notes, ktsu_low_quality: true }, notes])
    expect(end(raw).notes).toEqual({ confidence: 0.4, flags: ['x'], rationale: 'because' });
});

test('reserved names inside of the output are data: a list of results keeps its marks', () => {
  const results = { ok: true, results: [{ ktsu_error: 'x', item_index: 1 }] };
  expect(end(results)).toMatchObject({ status: 'complete', output: results });
});

test('invariant 22: a transform or a webhook costs nothing: its metrics stay as they are', () => {
  expect(end({ ok: true }).metrics).toEqual(noMetrics);
});

test('a draft with a fatal flag is known before it is reflected upon', () => {
  expect(fatalFlag({ ktsu_injection_attempt: true })).toMatchObject({ code: 'injection_attempt' });
  expect(fatalFlag({ ktsu_needs_human: 'yes' })).toMatchObject({ code: 'needs_human_review' });
  expect(fatalFlag({ ktsu_low_quality: false, ktsu_skip_reason: 'x' })).toBeUndefined();
});
