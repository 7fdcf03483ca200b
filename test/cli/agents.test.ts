/** `troupe run agents.json`: tasks as options, results as snake_case JSON on stdout, in a durable run. */
import { expect, test } from 'vitest';
import { limits } from '../limits.ts';
import { main } from '../../src/cli/program.ts';
import { testRuntime } from '../../src/testing/testRuntime.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace, type Workspace } from './troupe.ts';

const json = (text: string) => JSON.parse(text) as Record<string, never>;
const two = [
  { id: 'Coder', name: 'Coder', role: 'coder', system_prompt: 'Write code.', max_steps: 4 },
  { id: 'tester', name: 'Tester', role: 'tester' },
];
/** Runs the command in this process, which is enough here. */
async function command(...args: string[]) {
  const cli = fakeCli({ isInteractive: false, open: (options) => testRuntime(options) });
  const code = await main(args, cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}
const agents = (dir: Workspace, list: unknown = two) => dir.file('agents.json', JSON.stringify(list, null, 2));

test.concurrent('--target-agent selects the agent, and the result is one JSON document on stdout', async () => {
  using dir = workspace();
  const file = agents(dir);
  const run = await dir.troupe('run', file, '--task', 'Say hello.', '--target-agent', 'Coder', '--key', 'job-1');
  expect(run.code).toBe(0);
  expect(json(run.out)).toMatchObject({
    task_id: 'task-1',
    agent_id: 'Coder',
    success: true,
    steps_used: 1,
    session_id: 'job-1',
    output: expect.stringContaining('offline model') as string,
    metadata: {
      attempt_count: 1,
      execution_mode: 'auto',
      routing_decision: { router_name: 'direct', selected_agent_id: 'Coder' },
    },
  });
  expect(run.err).toContain('No model is set, so the offline model does the work');
  const { monitor } = json((await dir.troupe('runs', 'get', 'job-1', '--json')).out);
  expect(monitor).toMatchObject({
    consumed_steps: 1,
    dispatched_tasks: 1,
    max_concurrent_tasks: 8,
    max_total_steps: 1000,
  });
});

test.concurrent(
  'several tasks alternate between the agents, and their results are in order; a pipeline ends with its last result',
  async () => {
    using dir = workspace();
    const file = agents(dir);
    const batch = await command(
      'run',
      file,
      '--task',
      'One.',
      '--task',
      'Two.',
      '--task',
      'Three.',
      '--execution-mode',
      'parallel:2',
      '--quiet',
    );
    const results = json(batch.out) as unknown as { task_id: string; agent_id: string }[];
    expect(results.map(({ task_id, agent_id }) => [task_id, agent_id])).toEqual([
      ['task-1', 'Coder'],
      ['task-2', 'tester'],
      ['task-3', 'Coder'],
    ]);
    const pipe = await command(
      'run',
      file,
      '--task',
      'One.',
      '--task',
      'Two.',
      '--execution-mode',
      'pipeline',
      '--quiet',
    );
    expect(json(pipe.out)).toMatchObject({ success: true, total_steps: 2, task_results: [{}, { agent_id: 'tester' }] });
  },
);

test.concurrent('the result of a failed task is printed too, and the exit code is 1', async () => {
  using dir = workspace();
  const hardening = dir.file('limits.json', '{"max_total_tasks": 1, "default_retry_condition": "never"}');
  const run = await command('run', agents(dir), '--task', 'x', '--model', 'openai:gpt-5', '--hardening', hardening);
  expect(run.code).toBe(1);
  expect(json(run.out)).toMatchObject({ success: false, error_kind: 'permanent', failure: { kind: 'auth' } });
});

test.concurrent(
  'Ctrl-C parks a run of agents; another process controls it, and when it is resumed it prints the result of its task',
  async () => {
    using dir = workspace();
    // No server listens there: the call is retried until it is cancelled.
    const running = dir.start('run', agents(dir), '--task', 'Wait.', '--model', 'ollama:nobody', '--key', 'job-2');
    await running.until(/thinks/);
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(3);
    const limits = dir.file('limits.json', '{"max_total_tasks": 7}');
    expect((await dir.troupe('runs', 'configure', 'job-2', '--hardening', limits)).code).toBe(0);
    expect((await dir.troupe('runs', 'cancel', 'job-2', '--reason', 'enough')).code).toBe(0);
    const resumed = await dir.troupe('runs', 'resume', 'job-2');
    expect(resumed.code).toBe(1);
    expect(json(resumed.out)).toMatchObject({ success: false, error_kind: 'cancelled', metadata: { cancelled: true } });
    expect((await dir.troupe('runs', 'get', 'job-2')).out).toMatch(/tasks +1 of 7, cancelled/);
  },
  limits.long,
);

test.concurrent.each([
  ['an unknown agent', ['--task', 'x', '--target-agent', 'nobody'], /There are: Coder, tester\./],
  [
    'an unknown mode',
    ['--task', 'x', '--execution-mode', 'paralel:4'],
    /--execution-mode expects auto.*got "paralel:4"/,
  ],
  ['no task', ['--task', '  '], /The task is blank\./],
  ['a blank stdin', [], /The task is blank\..*stdin/],
  ['a model without a provider', ['--task', 'x', '--model', 'gpt'], /--model expects provider:model/],
  ['an input', ['--input', '{}'], /--input is for definitions in TypeScript/],
])('%s is wrong usage', async (_, options, says) => {
  using dir = workspace();
  const { code, out, err } = await command('run', agents(dir), ...options);
  expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringMatching(says) as string });
});

test.concurrent('the guardrails of the file apply, and all its errors are reported at once', async () => {
  using dir = workspace();
  const file = dir.file('limits.json', '{"guardrails": {"rate_limit": {"max_tasks": 1, "window_ms": 3600000}}}');
  const limited = await command('run', agents(dir), '--task', 'x', '--task', 'y', '--hardening', file);
  expect(limited.code).toBe(1);
  expect(JSON.parse(limited.out)).toMatchObject([
    { success: true },
    {
      success: false,
      error_kind: 'transient',
      metadata: { guardrail_name: 'rateLimit', guardrail_stage: 'pre_check' },
    },
  ]);
  const wrong = dir.file('wrong.json', '{"max_total_tasks": 0, "guardrails": {"rate_limit": {"max_tasks": 1}}}');
  const refused = await command('run', agents(dir), '--task', 'x', '--hardening', wrong);
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringMatching(/max_total_tasks must be > 0.*\n.*requires both/) as string,
  });
});

test.concurrent('all errors in a file are reported at once, with line and column', async () => {
  using dir = workspace();
  const bad = agents(dir, [{ ...two[0], max_steps: 0 }, { id: 'tester', name: 'T' }, two[1], two[1]]);
  const { code, err } = await command('run', bad, '--task', 'x');
  expect(code).toBe(2);
  expect(err.split('\n').map((line) => line.slice(bad.length + 1))).toEqual([
    '7:18: "max_steps": expected a whole number above 0, came number 0',
    '9:3: "role" is missing',
    expect.stringMatching(/^14:11: "id": "tester" is taken by agent 2/),
    expect.stringMatching(/^19:11: "id": "tester" is taken by agent 2/),
    '',
  ]);
  const torn = await command('run', dir.file('torn.json', '[\n  { "id": "a",\n    oops }\n]'), '--task', 'x');
  expect({ code: torn.code, err: torn.err }).toEqual({
    code: 2,
    err: expect.stringMatching(/torn\.json:3:5: not JSON: /) as string,
  });
});
