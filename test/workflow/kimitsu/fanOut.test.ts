/** Steps that are done once for each item of a list, as projects written for Kimitsu have them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everythingWrong, type Files } from '../files/written.ts';
import { startDoubles, type Doubles } from './doubles.ts';
import { outputOfStep, playOwn, scriptedAgent, steps, usersAsked } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const user = 'U={{ params.u }} I={{ params.i }} X={{ params.x }}';
const params = { 'u!': { type: 'string' }, i: { type: 'string' }, x: { type: 'string' } };
/** Item `u1` fails in its own way. */
const agentWith = (bad: string) =>
  scriptedAgent([{ content: '{"ok":true}', byUser: { 'U=u1': { content: bad } } }], { user, params });
const given = 'params: {u: "{{ item }}", i: "{{ item_index }}", x: "{{ params.x }}"}';
const files = (each: string, bad = '{"ok":true}', more = '') => ({
  'agents/a.agent.yaml': agentWith(bad),
  ...steps(
    `  - {id: d, transform: {inputs: [{from: params}], ops: []}}\n  - {id: f, agent: agents/a.agent.yaml, ${given}, for_each: ${each}${more}}\n`,
  ),
});
const urls = { input: { urls: ['u0', 'u1', 'u2'], x: 'all', empty: [], text: 'no list' } };

test('each item is given to the agent with its number and all other parameters, and results are in the order of the list', async () => {
  const played = await playOwn(files('{from: params.urls}'), doubles, urls);
  expect(outputOfStep(played, 'f')).toEqual({ results: [{ ok: true }, { ok: true }, { ok: true }] });
  expect(usersAsked(played)).toEqual(['U=u0 I=0 X=all', 'U=u1 I=1 X=all', 'U=u2 I=2 X=all']);
  expect(played.steps['f']?.metrics).toMatchObject({ llm_calls: 3, tokens_in: 300, tokens_out: 30 });
});

test.each([
  ['params.urls'],
  ['"{{ params.urls }}"'],
  ['d.result.urls'],
  ['step.d.result.urls'],
  ['"{{ step.d.output.urls }}"'],
])('the list may be written %s', async (from) => {
  const played = await playOwn(files(`{from: ${from}}`), doubles, urls);
  expect(outputOfStep(played, 'f')).toEqual({ results: [{ ok: true }, { ok: true }, { ok: true }] });
});

test('`items` is another word for `from`, and `as` gives the item another name, beside its own', async () => {
  const files: Files = {
    'agents/a.agent.yaml': agentWith('{"ok":true}'),
    'workflows/sub.workflow.yaml':
      'visibility: sub-workflow\npipeline: [{id: t, transform: {inputs: [params], ops: []}}]\n',
    ...steps(
      `  - {id: a, agent: agents/a.agent.yaml, params: {u: "{{ url.name }}", i: "{{ item_index }}", x: "{{ item.name }}"}, for_each: EACH}
  - {id: h, webhook: {url: "http://localhost:6163/{{ url.name }}", headers: {x-key: "{{ env.KEY }} {{ url.name }}"}, body: {name: url.name, at: item_index}}, for_each: EACH}
  - {id: s, workflow: ./sub.workflow.yaml, params: {n: "{{ url }}"}, input: {m: url.name}, for_each: EACH}
  - {id: t, transform: {inputs: [url, item], ops: [{map: {expr: name}}]}, for_each: EACH}
`.replaceAll('EACH', '{items: params.urls, as: url}'),
      'env: [{name: KEY, secret: true}]\n',
    ),
  };
  expect(await everythingWrong(files, { env: { KEY: 'k' } })).toEqual([]);
  const played = await playOwn(files, doubles, { input: { urls: [{ name: 'u0' }] }, env: { KEY: 'k' } });
  expect(usersAsked(played)).toEqual(['U=u0 I=0 X=u0']);
  expect(played.hooks).toMatchObject([{ url: '/u0', body: '{"name":"u0","at":0}', headers: { 'x-key': 'k u0' } }]);
  expect(outputOfStep(played, 's')).toEqual({ results: [{ result: { n: { name: 'u0' }, m: 'u0' } }] });
  expect(outputOfStep(played, 't')).toEqual({ results: [{ result: ['u0'] }] });
});

test.each([
  ['{from: params.urls, as: params}', '', '4 error "params" has a meaning in expressions already'],
  ['{from: params.urls, as: d}', '', '4 error "d" has a meaning in expressions already'],
  ['{from: params.urls, as: my url}', '', '4 error expected a name of letters, digits'],
  ['{from: params.urls}', ', condition: item.ok', '4 error A condition is asked once, and not for each item'],
  ['{from: params.urls, as: url}', ', condition: url.ok', '4 error A condition is asked once, and not for each item'],
  ['{from: item.urls}', '', '4 error The list is read before there is an item'],
])('what a fan-out cannot be is told: %s%s', async (each, more, says) => {
  const pipeline = `  - {id: d, webhook: {url: "https://x.example", body: {}}, for_each: ${each}${more}}\n`;
  expect(await everythingWrong(steps(pipeline))).toEqual([expect.stringContaining(says)]);
});

test('of a long list the first `max_items` are taken', async () => {
  const played = await playOwn(files('{from: params.urls, max_items: 2}'), doubles, urls);
  expect(outputOfStep(played, 'f')).toEqual({ results: [{ ok: true }, { ok: true }] });
  expect(played.models).toHaveLength(2);
});

test.each([
  ['that may fail', ', for_each: {from: params.urls, concurrency: 1, max_failures: -1}'],
  ['whose failure is a result', ', on_error: continue'],
])('a step %s does not outlive the time of its run', async (_, more) => {
  const hook = `  - {id: h, webhook: {url: "http://localhost:6163/slow/9"}${more}}\n`;
  const played = await playOwn(steps(hook, 'model_policy: {timeout_s: 1}\n'), doubles, urls);
  expect(played).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
  expect(played.hooks).toHaveLength(1);
});

test('an empty list gives no results, and nobody is asked', async () => {
  const played = await playOwn(files('{from: params.empty}'), doubles, urls);
  expect(outputOfStep(played, 'f')).toEqual({ results: [] });
  expect(played.models).toEqual([]);
});

test.each([
  ['a text', 'params.text'],
  ['nothing', 'params.nothing'],
])('%s is no list, and fails the step', async (_, from) => {
  const { status, steps: ends } = await playOwn(files(`{from: ${from}}`), doubles, urls);
  expect({ status, f: ends['f'] }).toMatchObject({
    status: 'failed',
    f: { status: 'failed', failure: { message: expect.stringContaining('fans out over a list') as string } },
  });
});

const injection = '{"ok":true,"ktsu_injection_attempt":true}';

test('without leave to fail the first item that failed fails the step, after all have ended', async () => {
  const played = await playOwn(files('{from: params.urls}', injection), doubles, urls);
  expect(played.failure?.message).toMatch(/^fanout item 1: .*injection attempt detected/);
  expect(played.models).toHaveLength(3);
  expect(played.steps['f']).toMatchObject({ status: 'failed', metrics: { llm_calls: 3 } });
});

test.each([
  ['as many as allowed', 1],
  ['any number', -1],
])('an item that failed is marked among the results when %s may fail', async (_, most) => {
  const played = await playOwn(files(`{from: params.urls, max_failures: ${most}}`, injection), doubles, urls);
  expect(outputOfStep(played, 'f')).toEqual({
    results: [
      { ok: true },
      { ktsu_error: expect.stringContaining('injection attempt detected') as string, item_index: 1 },
      { ok: true },
    ],
  });
});

test('more failures than allowed fail the step with their number', async () => {
  const twice = { input: { urls: ['u1', 'u1', 'u2'] } };
  const played = await playOwn(files('{from: params.urls, max_failures: 1}', injection), doubles, twice);
  expect(played.failure?.message).toMatch(/^2 items failed \(max_failures 1\)/);
});

test('an item that skips itself keeps what it says, is marked, and counts as no failure', async () => {
  const played = await playOwn(files('{from: params.urls}', '{"ok":true,"ktsu_skip_reason":"old"}'), doubles, urls);
  expect(outputOfStep(played, 'f')).toEqual({
    results: [{ ok: true }, { ok: true, ktsu_skip_reason: 'old', item_index: 1 }, { ok: true }],
  });
  expect(played.steps['f']?.notes).toEqual({ items: [{ item_index: 1, skip_reason: 'old' }] });
});

test('what items say of themselves is kept beside the results, also of those that failed', async () => {
  const said = '{"ok":true,"ktsu_confidence":0.4,"ktsu_flags":["odd"],"ktsu_rationale":"why"}';
  const threshold = ', confidence_threshold: 0.5';
  const notes = [{ item_index: 1, confidence: 0.4, flags: ['odd'], rationale: 'why' }];
  const good = await playOwn(files('{from: params.urls}', said), doubles, urls);
  expect(good.steps['f']).toMatchObject({ status: 'complete', notes: { items: notes } });
  const bad = await playOwn(files('{from: params.urls, max_failures: -1}', said, threshold), doubles, urls);
  expect(bad.steps['f']?.notes).toEqual({ items: notes });
});

test.each([
  ['reaches', 0.9, 'complete'],
  ['misses', 0.5, 'failed'],
] as const)('the confidence of an item that %s the threshold', async (_, confidence, status) => {
  const answer = `{"ok":true,"ktsu_confidence":${confidence}}`;
  const script = scriptedAgent([answer], { user, params });
  const played = await playOwn(
    { ...files('{from: params.urls}', '', ', confidence_threshold: 0.8'), 'agents/a.agent.yaml': script },
    doubles,
    urls,
  );
  expect(played.status).toBe(status);
});

test('a complete example: fetched, done for each, unwrapped, filtered and sorted', async () => {
  const scored = scriptedAgent(
    [
      {
        content: '{"ok":true,"score":1}',
        byUser: { 'U=u1': { content: injection }, 'U=u2': { content: '{"ok":true,"score":9}' } },
      },
    ],
    { user, params },
  );
  const played = await playOwn(
    {
      'agents/a.agent.yaml': scored,
      ...steps(`  - {id: each, agent: agents/a.agent.yaml, ${given}, for_each: {from: params.urls, max_failures: -1}}
  - id: best
    transform:
      inputs: [{from: each}]
      ops: [{map: {expr: results}}, {flatten: {}}, {filter: {expr: "!ktsu_error"}}, {sort: {field: score, order: desc}}]
`),
    },
    doubles,
    urls,
  );
  expect(outputOfStep(played, 'best')).toEqual({
    result: [
      { ok: true, score: 9 },
      { ok: true, score: 1 },
    ],
  });
});

test('a sub-workflow, a webhook and a transform fan out, too', async () => {
  const played = await playOwn(
    {
      'workflows/sub.workflow.yaml': `kind: workflow
visibility: sub-workflow
params: {schema: {required: [n], properties: {n: {type: number}}}}
pipeline: [{id: t, transform: {inputs: [{from: params}], ops: [{map: {expr: n}}]}}]
output: {map: {n: params.n}}
`,
      ...steps(`  - {id: subs, workflow: ./sub.workflow.yaml, for_each: {from: params.numbers}, params: {n: "{{ item }}"}}
  - {id: hooks, webhook: {url: "http://localhost:6163/h/{{ item }}", body: {at: "{{ item_index }}"}}, for_each: {from: params.numbers, concurrency: 1}}
  - {id: twice, transform: {ops: [{map: {expr: "[@, @]"}}]}, for_each: {from: params.numbers}}
`),
    },
    doubles,
    { input: { numbers: [4, 5] } },
  );
  expect(outputOfStep(played, 'subs')).toEqual({ results: [{ n: 4 }, { n: 5 }] });
  expect(outputOfStep(played, 'twice')).toEqual({ results: [{ result: [[4, 4]] }, { result: [[5, 5]] }] });
  expect(played.hooks.map(({ url, body }) => [url, JSON.parse(body) as unknown])).toEqual([
    ['/h/4', { at: 0 }],
    ['/h/5', { at: 1 }],
  ]);
});

test('a step that fans out was reflected upon when one of its items was', async () => {
  const reflected = async (threshold: number) => {
    const agent = scriptedAgent(['{"ok":true,"ktsu_confidence":0.7}'], {
      reflect: 'Again.',
      schema: { type: 'object', properties: { ktsu_confidence: { type: 'number' } } },
    });
    const pipeline = `  - {id: f, agent: agents/a.agent.yaml, confidence_threshold: ${threshold}, for_each: {from: params.urls, max_items: 2}}\n`;
    const played = await playOwn({ 'agents/a.agent.yaml': agent, ...steps(pipeline) }, doubles, urls);
    const { reflected: any, metrics } = played.steps['f'] ?? {};
    return [any, metrics?.reflect_calls];
  };
  expect(await reflected(0.9)).toEqual([true, 2]);
  expect(await reflected(0.5)).toEqual([false, 0]);
});
