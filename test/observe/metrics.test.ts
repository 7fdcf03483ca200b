/** Metrics of a process: a valid text for Prometheus whatever the names are, a bounded number of series, and no secret. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { actorMetrics } from '../../src/observe/actorMetrics.ts';
import { Counter, DurationHistogram } from '../../src/observe/counters.ts';
import { metricsText } from '../../src/observe/metricsText.ts';
import { processMetrics } from '../../src/observe/processMetrics.ts';
import { probes } from '../../src/observe/probes.ts';
import { redactor } from '../../src/observe/redactor.ts';
import { readExposition } from './exposition.ts';

test('names and numbers of all kinds are read back as they were counted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.double({ noNaN: true, min: 0 })), {
        minLength: 1,
        maxLength: 20,
      }),
      (counts) => {
        const counter = new Counter('troupe_things_total', 'Things, "so" to \\ say.\nTwo lines.');
        for (const [name, by] of counts) counter.add({ name }, by);
        const family = readExposition(metricsText([counter.metric])).get('troupe_things_total');
        const expected = new Map<string, number>();
        for (const [name, by] of counts)
          expected.set(name.toWellFormed(), (expected.get(name.toWellFormed()) ?? 0) + by);
        expect(new Map(family?.samples.map(({ labels, value }) => [labels['name'], value]))).toEqual(expected);
      },
    ),
  );
});

test('a name that comes after a hundred others is counted under "other", and nothing is lost from the sum', () => {
  const counter = new Counter('troupe_calls_total', 'Calls.');
  for (let n = 0; n < 250; n++) counter.add({ kind: 'model', name: `model-${n}` });
  const { samples } = readExposition(metricsText([counter.metric])).get('troupe_calls_total')!;
  expect(samples).toHaveLength(101);
  expect(samples.find(({ labels }) => labels['name'] === 'other')?.value).toBe(150);
});

test('durations are a histogram that a scraper takes', () => {
  const histogram = new DurationHistogram('troupe_wait_seconds', 'Waits.', 'kind', [0.1, 1, 10]);
  for (const seconds of [0.05, 0.1, 0.5, 20]) histogram.observe('model', seconds);
  const { samples } = readExposition(metricsText([histogram.metric])).get('troupe_wait_seconds')!;
  expect(samples.map(({ name, labels, value }) => `${name} ${labels['le'] ?? ''} ${value}`)).toEqual([
    'troupe_wait_seconds_bucket 0.1 2',
    'troupe_wait_seconds_bucket 1 3',
    'troupe_wait_seconds_bucket 10 3',
    'troupe_wait_seconds_bucket +Inf 4',
    'troupe_wait_seconds_sum  20.65',
    'troupe_wait_seconds_count  4',
  ]);
});

test('a secret in a name is masked', () => {
  const counter = new Counter('troupe_calls_total', 'Calls.');
  counter.add({ name: 'https://api.example.org?key=sk-123456789' });
  const text = metricsText([counter.metric], redactor(['sk-123456789']));
  expect(readExposition(text).get('troupe_calls_total')?.samples[0]?.labels['name']).toMatch(/\[redacted\]/);
  expect(text).not.toContain('sk-123456789');
});

test('of an agent that another process began, only the tokens that it uses here are counted', () => {
  const { observe, metrics } = actorMetrics();
  const step = (actor: string, seq: number, inputTokens: number, status = 'active' as const) =>
    observe({
      type: 'commit',
      at: 0,
      run: 'r',
      actor,
      parent: undefined,
      machine: 'agent',
      seq,
      event: { id: `m${seq}`, type: 't', from: undefined, body: null },
      state: 'idle',
      tags: [],
      status,
      context: {
        used: {
          steps: seq,
          inputTokens,
          outputTokens: 2 * inputTokens,
          cachedTokens: 0,
          toolCalls: 0,
          usd: inputTokens / 100,
        },
      },
    });
  step('agent/own', 1, 0);
  step('agent/own', 2, 10);
  step('agent/taken', 7, 1_000);
  step('agent/taken', 8, 1_005);
  const families = readExposition(metricsText(metrics()));
  expect(
    families.get('troupe_model_tokens_total')?.samples.map(({ labels, value }) => [labels['direction'], value]),
  ).toEqual([
    ['input', 15],
    ['output', 30],
  ]);
  expect(families.get('troupe_model_cost_usd_total')?.samples[0]?.value).toBeCloseTo(0.15);
  expect(families.get('troupe_commits_total')?.samples[0]?.value).toBe(4);
});

test('/metrics is served beside the probes, with the type that Prometheus asks for; a process without metrics has no such page', async () => {
  await using served = await probes({
    port: 0,
    notReadyReason: () => 'starting',
    metrics: async () => metricsText(processMetrics()()),
  });
  const answer = await fetch(`${served.url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const families = readExposition(await answer.text());
  expect(families.get('process_resident_memory_bytes')?.samples[0]?.value).toBeGreaterThan(1e6);
  expect(families.get('troupe_event_loop_delay_max_seconds')?.samples).toHaveLength(1);
  await using bare = await probes({ port: 0, notReadyReason: () => undefined });
  expect((await fetch(`${bare.url}/metrics`)).status).toBe(404);
});
