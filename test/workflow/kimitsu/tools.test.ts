/** Agents with tool servers, turns and reflections, as projects written for Kimitsu have them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDoubles, type Doubles } from './doubles.ts';
import { outputOfStep, playOwn, scriptedAgent, steps, toolCalls, type AgentParts } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const ok = '{"ok":true}';
const one = steps('  - {id: s, agent: agents/a.agent.yaml}\n');
const servers = {
  'servers/a.server.yaml': 'name: kv\nurl: "http://localhost:6161"\n',
  'servers/b.server.yaml': 'name: other\nurl: "http://localhost:6162"\n',
};
const uses = (allow: string, more = '') =>
  `servers: [{name: kv, path: ../servers/a.server.yaml, access: {allowlist: ${allow}}}${more}]`;
const run = (replies: Parameters<typeof scriptedAgent>[0], parts: AgentParts = {}) =>
  playOwn({ ...servers, ...one, 'agents/a.agent.yaml': scriptedAgent(replies, parts) }, doubles);
const toolsCalled = () =>
  doubles.tools.filter(({ method }) => method === 'tools/call').map(({ params }) => params['name']);

describe('tools', () => {
  test('a tool that is allowed is called with its arguments, and the model goes on with what it said', async () => {
    const played = await run([toolCalls(['c1', 'kv_get', { k: 'x' }]), ok], { more: uses('["kv_*"]') });
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(played.tools.map(({ method, params }) => [method, params['name'], params['arguments']])).toEqual([
      ['tools/list', undefined, undefined],
      ['tools/call', 'kv_get', { k: 'x' }],
    ]);
    expect(played.steps['s']?.metrics).toMatchObject({ llm_calls: 2, tool_calls: 1 });
    expect(JSON.stringify(played.models[1]?.messages)).toContain('echo');
  });

  test('only tools that are allowed are shown to the model', async () => {
    const played = await run([ok], { more: uses('[kv_get, "kv_s*"]') });
    expect(played.models[0]?.tools?.map(({ function: { name } }) => name)).toEqual(['kv_get', 'kv_set']);
  });

  test('a star allows all tools, also those with a slash in their names', async () => {
    const played = await run([ok], { more: uses('["*"]') });
    expect(played.models[0]?.tools).toHaveLength(9);
  });

  test('a star in the middle of an entry fails the step, with its place', async () => {
    const played = await run([ok], { more: uses('["kv_*_x"]') });
    expect(played.failure?.message).toMatch(/a\.agent\.yaml:\d+:\d+: .*the star stands at the end only/);
  });

  test('without an allowlist no tool may be called, and the server is not contacted', async () => {
    const played = await run([ok], { more: 'servers: [{name: kv, path: ../servers/a.server.yaml}]' });
    expect(played).toMatchObject({ status: 'complete', tools: [] });
  });

  test('a tool that is not allowed is never called, and the step fails at once', async () => {
    const played = await run([toolCalls(['c1', 'kv_delete', {}]), ok], { more: uses('[kv_get]') });
    expect(played.steps['s']).toMatchObject({ status: 'failed', code: 'tool_not_permitted' });
    expect(played.failure?.message).toMatch(/tool_not_permitted: kv_delete/);
    expect(toolsCalled()).toEqual([]);
  });

  test('a call whose arguments do not fit is not made, is not counted, and the model is told', async () => {
    const played = await run([toolCalls(['c1', 'kv_get', { k: 1 }]), ok], { more: uses('["kv_*"]') });
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(toolsCalled()).toEqual([]);
    expect(played.steps['s']?.metrics.tool_calls).toBe(0);
    expect(played.models[1]?.messages.at(-1)?.content).toMatch(/does not fit/);
  });

  test('two servers offer their tools together', async () => {
    const more = uses('[kv_set]', ', {name: other, path: ../servers/b.server.yaml, access: {allowlist: [b_only]}}');
    const played = await run([toolCalls(['c1', 'b_only', {}], ['c2', 'kv_set', { k: 'v' }]), ok], { more });
    expect(played.tools.filter(({ method }) => method === 'tools/call').map(({ server }) => server)).toEqual([
      'B',
      'A',
    ]);
    expect(played.steps['s']?.metrics.tool_calls).toBe(2);
  });

  test.each([
    ['a result that says it is an error', 'kv_iserr', 'tool says error'],
    ['a result of several parts', 'kv_multi', 'second'],
  ])('%s is shown to the model, which goes on', async (_, tool, says) => {
    const played = await run([toolCalls(['c1', tool, {}]), ok], { more: uses('["kv_*"]') });
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(JSON.stringify(played.models[1]?.messages)).toContain(says);
  });

  test.each([
    ['breaks', 'kv_fail', /tool call kv_fail.*500/],
    ['refuses the request', 'kv_rpcerr', /tool call kv_rpcerr.*nope/],
  ])('a server that %s fails the step, naming the tool', async (_, tool, says) => {
    const played = await run([toolCalls(['c1', tool, {}]), ok], { more: uses('["kv_*"]') });
    expect(played.steps['s']).toMatchObject({ status: 'failed', code: 'tool_call_failed', metrics: { llm_calls: 1 } });
    expect(played.failure?.message).toMatch(says);
  });

  const scoped = (override: string) => ({
    ...steps(
      `  - {id: t, transform: {inputs: [{from: params}], ops: []}}\n  - {id: s, agent: agents/a.agent.yaml, params: {server: ${override}}}\n`,
      'env: [{name: TOKEN, secret: true}]\n',
    ),
    'servers/kv.server.yaml': `name: kv
url: "http://localhost:6161"
params:
  space: {description: d, default: of-the-file}
  token: {description: d, secret: true}
`,
    'agents/a.agent.yaml': scriptedAgent([ok], {
      more: 'servers: [{name: kv, path: ../servers/kv.server.yaml, params: {space: of-the-agent}, access: {allowlist: ["*"]}}]',
    }),
  });
  const configured = () => doubles.tools.find(({ method }) => method === 'initialize')?.params['config'];

  test('a step gives parameters to the servers of its agent, before the agent and the file', async () => {
    const files = scoped('{kv: {space: "{{ step.t.result.room }}", token: "{{ env.TOKEN }}"}}');
    const given = { input: { room: 'of-the-step' }, env: { TOKEN: 'canary-8842' } };
    const played = await playOwn(files, doubles, given);
    expect(played.status).toBe('complete');
    expect(configured()).toEqual({ space: 'of-the-step', token: 'canary-8842' });
    expect(played.stored).not.toContain('canary-8842');
    await playOwn(scoped('{kv: {token: "{{ env.TOKEN }}"}}'), doubles, given);
    expect(configured()).toEqual({ space: 'of-the-agent', token: 'canary-8842' });
  });

  test.each([
    ['{kv: {space: "{{ env.TOKEN }}", token: "{{ env.TOKEN }}"}}', /w\.workflow\.yaml:.*secret is passed to "space"/],
    ['{kv: {space: x}}', /The server needs a value for its parameter "token"/],
  ])('what a step must not give to a server, or leaves out, fails it: %s', async (override, says) => {
    const played = await playOwn(scoped(override), doubles, { env: { TOKEN: 'canary-8842' } });
    expect(played).toMatchObject({ status: 'failed', models: [] });
    expect(played.failure?.message).toMatch(says);
  });

  test('a server that is not there fails the step, naming the server', async () => {
    const agent = scriptedAgent([ok], {
      more: 'servers: [{name: gone, path: ../servers/gone.server.yaml, access: {allowlist: ["*"]}}]',
    });
    const gone = { 'servers/gone.server.yaml': 'name: gone\nurl: "http://localhost:1"\n' };
    const played = await playOwn({ ...one, ...gone, 'agents/a.agent.yaml': agent }, doubles);
    expect(played.failure?.message).toMatch(/discover tools from gone/);
    expect(played.models).toEqual([]);
  });
});

describe('turns', () => {
  test('in the last turn the model is asked for its answer and offered no tools', async () => {
    const played = await run([toolCalls(['c1', 'kv_get', {}]), toolCalls(['c2', 'kv_get', {}]), ok], {
      more: `${uses('["kv_*"]')}\nmax_turns: 3`,
    });
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(played.models.map(({ tools = [] }) => tools.length > 0)).toEqual([true, true, false]);
    expect(played.models[2]?.messages.at(-1)?.content).toMatch(/maximum number of tool calls/);
  });

  test('a tool that is called in the last turn is not called, and the step fails', async () => {
    const played = await run([toolCalls(['c1', 'kv_get', {}])], { more: `${uses('["kv_*"]')}\nmax_turns: 2` });
    expect(played.steps['s']).toMatchObject({ status: 'failed', code: 'max_turns_exceeded' });
    expect(toolsCalled()).toHaveLength(1);
  });

  test('one turn is asked for its answer at once', async () => {
    const played = await run([ok], { more: 'max_turns: 1' });
    expect(played.models).toHaveLength(1);
    expect(played.models[0]?.messages.at(-1)?.content).toMatch(/final answer/i);
  });

  test('after unreadable answers there is one more call than turns', async () => {
    const played = await run(['no', 'nor this', ok], { more: 'max_turns: 2' });
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(played.models).toHaveLength(3);
  });

  test('an agent that never gives JSON fails, and what it said last is kept', async () => {
    const played = await run(['no'], { more: 'max_turns: 2' });
    expect(played.steps['s']).toMatchObject({ status: 'failed', code: 'max_turns_exceeded', raw_output: 'no' });
    expect(played.models).toHaveLength(3);
  });

  test.each([
    ['a code fence', '```json\n{"ok":true}\n```'],
    ['a code fence without a language', '```\n{"ok":true}\n```'],
    ['blanks around it', '\n  {"ok":true}\n'],
  ])('JSON is read with %s', async (_, content) => {
    const played = await run([content]);
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(played.models).toHaveLength(1);
  });

  test.each([
    ['prose before it', 'Here: {"ok":true}'],
    ['a second object', '{"ok":true} {"ok":true}'],
    ['a list', '[{"ok":true}]'],
    ['null', 'null'],
    ['nesting that nothing can store', `{"ok":true,"x":${'['.repeat(3_000)}${']'.repeat(3_000)}}`],
    ['a character that nothing can store', '{"ok":true,"x":"\\u0000"}'],
    ['half a character', '{"ok":true,"x":"\\ud800"}'],
  ])('JSON is asked for again when there is %s', async (_, content) => {
    const played = await run([content, ok]);
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(played.models).toHaveLength(2);
  });
});

test('an integer with more digits than a number keeps is not handed on: the model gives it as a text, or the step fails', async () => {
  const open = { schema: { type: 'object' } };
  const lossy = '{"id":9007199254740993}';
  const mended = await run([lossy, '{"id":"9007199254740993"}'], open);
  expect(outputOfStep(mended, 's')).toEqual({ id: '9007199254740993' });
  expect(mended.models[1]?.messages.at(-1)?.content).toContain('9007199254740993');
  const failed = await run([lossy], open);
  expect(failed.steps['s']).toMatchObject({ status: 'failed', code: 'output_invalid', raw_output: lossy });
});

describe('reflections', () => {
  const confident = { type: 'object', properties: { ok: { type: 'boolean' }, ktsu_confidence: { type: 'number' } } };
  const draft = (confidence?: number, more = '') =>
    `{"ok":false${confidence === undefined ? '' : `,"ktsu_confidence":${confidence}`}${more}}`;
  const files = (replies: string[], parts: AgentParts, threshold = '') => ({
    ...steps(`  - {id: s, agent: agents/a.agent.yaml${threshold}}\n`),
    'agents/a.agent.yaml': scriptedAgent(replies, { user: 'Do it.', reflect: 'Look again.', ...parts }),
  });
  const at08 = ', confidence_threshold: 0.8';

  test('a reflection replaces the draft as a whole', async () => {
    const played = await playOwn(files(['{"ok":false,"draft":1}', ok], {}), doubles);
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(played.steps['s']).toMatchObject({ reflected: true, metrics: { llm_calls: 2, reflect_calls: 1 } });
    expect(played.models[1]?.messages[0]?.content).toMatch(/^Look again\./);
  });

  test.each([
    ['reaches the threshold', draft(0.8), 1],
    ['misses the threshold', draft(0.7), 2],
    ['is missing', draft(), 2],
  ])(
    'where the schema declares a confidence, the draft is reflected upon unless it reaches the threshold: it %s',
    async (_, first, calls) => {
      const played = await playOwn(
        files([first, '{"ok":true,"ktsu_confidence":0.9}'], { schema: confident }, at08),
        doubles,
      );
      expect(played.status).toBe('complete');
      expect(played.models).toHaveLength(calls);
      expect(played.steps['s']).toMatchObject({ reflected: calls === 2 });
    },
  );

  test('after a reflection its output counts, whatever its confidence', async () => {
    const played = await playOwn(
      files([draft(0.1), '{"ok":true,"ktsu_confidence":0.2}'], { schema: confident }, at08),
      doubles,
    );
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
  });

  test('without a threshold every draft is reflected upon', async () => {
    const played = await playOwn(files([draft(1), ok], { schema: confident }), doubles);
    expect(played.models).toHaveLength(2);
  });

  test('a draft with a fatal flag is not reflected upon', async () => {
    const played = await playOwn(files(['{"ok":true,"ktsu_injection_attempt":true}', ok], {}), doubles);
    expect(played.steps['s']).toMatchObject({ status: 'failed', code: 'injection_attempt' });
    expect(played.models).toHaveLength(1);
  });

  test('a reflection that cannot be read is asked for once more', async () => {
    const played = await playOwn(files(['{"ok":false}', 'hm', ok], {}), doubles);
    expect(outputOfStep(played, 's')).toEqual({ ok: true });
    expect(played.steps['s']?.metrics).toMatchObject({ llm_calls: 3 });
  });

  test('a reflection that cannot be read twice fails the step', async () => {
    const played = await playOwn(files(['{"ok":false}', 'hm'], {}), doubles);
    expect(played.steps['s']).toMatchObject({ status: 'failed', code: 'reflect_output_invalid' });
    expect(played.models).toHaveLength(3);
  });

  test('a reflect prompt that is blank fails the step, with its place', async () => {
    const blank = 'model: standard\nprompt: {system: You act., reflect: "  "}\noutput: {schema: {type: object}}\n';
    const played = await playOwn({ ...one, 'agents/a.agent.yaml': blank }, doubles);
    expect(played.failure?.message).toMatch(/a\.agent\.yaml:2:\d+: The reflect prompt is blank/);
  });
});
