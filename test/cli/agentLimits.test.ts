/** `troupe run agents.json`: the limits in the profiles of agents and in `--hardening` hold as they are written. */
import { expect, test } from 'vitest';
import type { Model } from 'troupe';
import { main } from '../../src/cli/program.ts';
import { testRuntime } from '../../src/testing/testRuntime.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace } from './troupe.ts';

/** Runs one task for this agent, by a model that goes on for `turns` answers before it is done. */
async function runAgent(profile: object, { hardening, turns = 1_000 }: { hardening?: object; turns?: number } = {}) {
  using dir = workspace();
  const requests: { temperature?: number | undefined }[] = [];
  const model = scriptedModel((request) => {
    requests.push(request);
    return requests.length > turns
      ? { text: 'Done.' }
      : { calls: [{ name: 'nothing', input: { at: requests.length } }] };
  }) satisfies Model;
  const cli = fakeCli({
    isInteractive: false,
    // A group names models by texts; the gateway takes a model itself as well.
    open: (options) => testRuntime({ ...options, gateway: { models: { 'test:loop': [model as never] } } }),
  });
  const file = dir.file('agents.json', JSON.stringify([{ id: 'coder', name: 'Coder', role: 'coder', ...profile }]));
  const more = hardening ? ['--hardening', dir.file('limits.json', JSON.stringify(hardening))] : [];
  await main(['run', file, '--task', 'x', '--model', 'test:loop', '--quiet', ...more], cli);
  const result = JSON.parse(cli.outputText()) as Record<string, unknown>;
  return { result, requests };
}

const registered = {
  role: undefined,
  'agent-type': 'Custom',
  model_provider: 'test',
  model: 'loop',
  max_steps: 2,
  temperature: 0.25,
};

test('max_steps of a profile is the most answers that its agent gets, also without a limit for tasks', async () => {
  const one = await runAgent({ max_steps: 1 });
  expect(one.requests).toHaveLength(1);
  expect(one.result).toMatchObject({ steps_used: 1, success: false, error_kind: 'budget_exhausted' });
  const { result, requests } = await runAgent({ max_steps: 3 }, { hardening: {} });
  expect(requests).toHaveLength(3);
  expect(result).toMatchObject({ steps_used: 3, success: false, error_kind: 'budget_exhausted' });
});

test('an entry of a registry has its steps and its temperature', async () => {
  const { result, requests } = await runAgent(registered);
  expect(requests.map(({ temperature }) => temperature)).toEqual([0.25, 0.25]);
  expect(result).toMatchObject({ steps_used: 2, error_kind: 'budget_exhausted' });
});

test('a profile that asks for more steps than a task may take is refused by the guardrail, and is not lowered in silence', async () => {
  const { result, requests } = await runAgent(
    { max_steps: 9 },
    { hardening: { guardrails: { budget: { max_task_steps: 8 } } } },
  );
  expect(requests).toHaveLength(0);
  expect(result).toMatchObject({
    error_kind: 'budget_exhausted',
    metadata: { guardrail_name: 'budget', guardrail_stage: 'pre_check' },
  });
});

const example = {
  max_concurrent_tasks: 4,
  max_total_steps: 120,
  max_total_tasks: 30,
  default_retry_condition: 'on_transient',
  guardrails: {
    timeout: { max_timeout_ms: 30_000, require_explicit_timeout: true },
    budget: { max_task_steps: 12, require_explicit_budget: true },
    rate_limit: { max_tasks: 20, window_ms: 60_000 },
    cancellation: true,
  },
};

test.each([
  ['every guardrail', example],
  ['an explicit timeout without a maximum', { guardrails: { timeout: { require_explicit_timeout: true } } }],
  ['an explicit budget without a maximum', { guardrails: { budget: { require_explicit_budget: true } } }],
  ['an exhausted orchestrator allowed', { guardrails: { budget: { allow_exhausted_orchestrator: true } } }],
])('tasks of the command line name the limits that --hardening requires of them: %s', async (_, hardening) => {
  const { result } = await runAgent({ max_steps: 3 }, { hardening, turns: 0 });
  expect(result).toMatchObject({ success: true, output: 'Done.' });
  const limited = await runAgent({ max_steps: 3 }, { hardening });
  expect(limited.result).toMatchObject({ steps_used: 3, error_kind: 'budget_exhausted' });
});
