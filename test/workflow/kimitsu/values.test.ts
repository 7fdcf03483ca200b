/** Values in templates, truth in conditions and the order of reserved outputs, one row for each rule of the format. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/values/json.ts';
import { startDoubles, type Doubles } from './doubles.ts';
import { outputOfStep, playOwn, scriptedAgent, steps } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const input: JsonObject = {
  list: [1, 'x', { a: null }],
  object: { k: 1, 'k-y': 2 },
  zero: 0,
  no: false,
  empty: '',
  emptyList: [],
  emptyObject: {},
  nothing: null,
  text: 'a-b',
  number: 12_345_678,
  big: 1e21,
};

/** What is written in a body, and what is sent. */
const written: readonly [text: string, sent: unknown][] = [
  ['L {{ params.list }}', 'L [1,"x",{"a":null}]'],
  ['O {{ params.object }}', 'O {"k":1,"k-y":2}'],
  ['N {{ params.number }} {{ params.big }}', 'N 12345678 1000000000000000000000'],
  ['[{{ params.nothing }}{{ params.missing }}{{ params.constructor }}{{ params.text.length }}]', '[]'],
  ['{{ params.list }}', input['list']],
  ['{{ params.no }}', false],
  ['params.object.k-y', 2],
  ['length(params.list)', 3],
  ['step.a-b.result.zero', 0],
  ['a-b.output.zero', 0],
  ["params.text == 'a-b'", true],
  ['`{"k":[1]}`', { k: [1] }],
  ["'quoted'", 'quoted'],
  ['params are words here', 'params are words here'],
  ['state-of-the-art', 'state-of-the-art'],
  ['https://example.com/params.x', 'https://example.com/params.x'],
];

test('a body has the value that each of its texts means', async () => {
  const body = Object.fromEntries(written.map(([text], at) => [`f${at}`, text]));
  const pipeline = `  - {id: a-b, transform: {inputs: [{from: params}], ops: []}}
  - {id: w, depends_on: [a-b], webhook: {url: "http://localhost:6163/x", body: ${JSON.stringify(body)}}}\n`;
  const played = await playOwn(steps(pipeline), doubles, { input });
  const sent = JSON.parse(played.hooks[0]?.body ?? '{}') as JsonObject;
  expect(written.map(([text], at) => [text, sent[`f${at}`]])).toEqual(written);
});

const conditions: readonly [condition: string, holds: boolean][] = [
  ['params.emptyList', true],
  ['params.emptyObject', true],
  ['params.zero', false],
  ['params.empty', false],
  ['params.no', false],
  ['params.nothing', false],
  ['params.missing', false],
  ['!(params.no)', true],
  ['{{ params.list }}', true],
  ['params.text != null', true],
  ['params.missing == null', true],
  ["step.a-b.result.text == 'a-b'", true],
  ['a-b.result.number > `12345677`', true],
];

test('a condition holds unless it gives null, false, an empty text or zero', async () => {
  const each = conditions.map(([condition], at) => {
    const step = { id: `c${at}`, condition, transform: { inputs: [], ops: [] } };
    return `  - ${JSON.stringify(step)}\n`;
  });
  const played = await playOwn(
    steps(`  - {id: a-b, transform: {inputs: [{from: params}], ops: []}}\n${each.join('')}`),
    doubles,
    { input },
  );
  expect(conditions.map(([text], at) => [text, played.steps[`c${at}`]?.status === 'complete'])).toEqual(conditions);
});

const all = { ktsu_needs_human: true, ktsu_low_quality: true, ktsu_untrusted_content: true };

test.each<[what: string, output: JsonObject, end: JsonObject]>([
  ['an injection first', { ...all, ktsu_injection_attempt: true, _error: 'e' }, { code: 'injection_attempt' }],
  ['untrusted content next', all, { code: 'untrusted_content' }],
  ['low quality before a person', { ...all, ktsu_untrusted_content: false }, { code: 'low_quality' }],
  ['a person before a skip', { ktsu_needs_human: true, ktsu_skip_reason: 'x' }, { code: 'needs_human_review' }],
  ['confidence before a skip', { ktsu_confidence: 0.4, ktsu_skip_reason: 'x' }, { code: 'confidence_below_threshold' }],
  ['no confidence as none at all', { ok: true }, { code: 'confidence_below_threshold' }],
  ['a confidence that is a text as none', { ok: true, ktsu_confidence: '1' }, { code: 'confidence_below_threshold' }],
  ['a skip before the schema', { ktsu_confidence: 1, ktsu_skip_reason: 'x' }, { status: 'skipped', reason: 'x' }],
  ['only what is true', { ok: true, ktsu_confidence: 0.5, ktsu_low_quality: 1 }, { status: 'complete' }],
  ['an error that says nothing as none', { ok: true, ktsu_confidence: 1, _error: '' }, { status: 'complete' }],
])('reserved outputs are looked at in their order: %s', async (_, output, end) => {
  const played = await playOwn(
    {
      'agents/a.agent.yaml': scriptedAgent([JSON.stringify(output)]),
      ...steps('  - {id: s, agent: agents/a.agent.yaml, confidence_threshold: 0.5}\n'),
    },
    doubles,
  );
  expect(played.steps['s']).toMatchObject(end);
  expect(played.models).toHaveLength(1);
  if (end['status'] === 'complete')
    expect(outputOfStep(played, 's')).toEqual(
      expect.not.objectContaining({ ktsu_confidence: expect.anything() as unknown }),
    );
});
