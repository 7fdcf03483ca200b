/** Random workflows, and an interpreter of their rules that knows nothing of the engine: steps are taken one after the other. */
import * as fc from 'fast-check';
import type { StepDefinition, WorkflowDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { Json } from '../../../src/values/json.ts';

/** One step of a random workflow. */
export interface RandomStep {
  readonly id: string;
  readonly kind: 'agent' | 'webhook' | 'transform' | 'wait';
  readonly after: readonly string[];
  /** Absent: it always runs. The output of a step that it depends on is compared, or the parameter `yes`. */
  readonly condition?: { readonly of: string | undefined; readonly wanted: boolean };
  /** How many attempts fail before one succeeds. */
  readonly failing: number;
  readonly retries: number;
  readonly onError: 'fail' | 'continue' | 'skip';
}

/** Up to eight steps, each after some of those before it. */
export const randomSteps: fc.Arbitrary<readonly RandomStep[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('agent' as const, 'webhook' as const, 'transform' as const, 'wait' as const),
      before: fc.array(fc.nat(7), { maxLength: 3 }),
      condition: fc.option(fc.record({ of: fc.option(fc.nat(2), { nil: undefined }), wanted: fc.boolean() }), {
        nil: undefined,
        freq: 3,
      }),
      failing: fc.constantFrom(0, 0, 0, 1, 2, 9),
      retries: fc.constantFrom(0, 0, 1, 2),
      onError: fc.constantFrom('fail' as const, 'continue' as const, 'continue' as const, 'skip' as const),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((drawn) =>
    drawn.map(({ kind, before, condition, failing, retries, onError }, place): RandomStep => {
      const after = place === 0 ? [] : [...new Set(before.map((each) => `s${each % place}`))];
      const of = condition?.of === undefined ? undefined : after[condition.of % Math.max(1, after.length)];
      return {
        id: `s${place}`,
        kind,
        after,
        ...(condition ? { condition: { of, wanted: condition.wanted } } : {}),
        failing: kind === 'transform' || kind === 'wait' ? 0 : failing,
        retries,
        onError,
      };
    }),
  );

/** What a step ended with, as far as the rules decide it. */
export type ExpectedEnd = 'complete' | 'failed' | `skipped ${string}`;

/** How a workflow must end: by the step that fails it, or with the ends of all steps. */
export type Expected =
  | { readonly status: 'failed'; readonly oneOf: readonly string[] }
  | { readonly status: 'complete'; readonly ends: Readonly<Record<string, ExpectedEnd>> };

/** The rules, for steps in an order in which each comes after those before it. */
export function expectedOf(steps: readonly RandomStep[]): Expected {
  const ends: Record<string, ExpectedEnd> = {};
  const fatal: string[] = [];
  for (const step of steps) {
    // What comes after a step that fails the run may or may not be reached.
    if (step.after.some((id) => fatal.includes(id) || ends[id] === undefined)) continue;
    const end = endOf(step, steps, ends);
    if (end === 'failed' && step.onError === 'fail') fatal.push(step.id);
    else ends[step.id] = end;
  }
  return fatal.length > 0 ? { status: 'failed', oneOf: fatal } : { status: 'complete', ends };
}

function endOf(
  step: RandomStep,
  steps: readonly RandomStep[],
  ends: Readonly<Record<string, ExpectedEnd>>,
): ExpectedEnd {
  const { condition, after, failing, retries } = step;
  const isSkipping = (id: string) =>
    ends[id]?.startsWith('skipped') ||
    (ends[id] === 'failed' && steps.find((each) => each.id === id)?.onError === 'skip');
  if (after.some((id) => isSkipping(id) && condition?.of !== id)) return 'skipped dependency_skipped';
  if (condition) {
    // Only the output of a step that completed has what is looked for.
    const found = condition.of === undefined || ends[condition.of] === 'complete';
    if (found !== condition.wanted) return 'skipped condition_false';
  }
  return failing > retries ? 'failed' : 'complete';
}

/** The workflow of the steps. */
export function definitionOfSteps(
  steps: readonly RandomStep[],
  policy: WorkflowDefinition['policy'] = {},
): WorkflowDefinition {
  return {
    kind: 'workflow',
    name: 'w',
    file: '/w.workflow.yaml',
    visibility: 'root',
    webhooks: 'execute',
    env: [],
    steps: steps.map((step, place) => stepOf(step, place, steps)),
    output: { map: Object.fromEntries(steps.map(({ id }) => [id, `{{ step.${id} }}`])) },
    policy,
    environment: {},
    secrets: { secret: () => undefined },
  };
}

/** Where an output of each kind says that its step has completed. */
const truths = { agent: 'ok', webhook: 'sent', transform: 'result.ok', wait: 'ok' };

function stepOf(step: RandomStep, place: number, steps: readonly RandomStep[]): StepDefinition {
  const { id, kind, after, condition, retries, onError } = step;
  const read = steps.find((each) => each.id === condition?.of);
  const truth = read ? `step.${read.id}.${truths[read.kind]}` : 'params.ok';
  const common = {
    id,
    line: place + 1,
    after,
    params: {},
    onError,
    ...(condition ? { condition: `${truth} ${condition.wanted ? '==' : '!='} \`true\`` } : {}),
    ...(retries > 0 ? { retry: { max: retries, backoff: 1_000 } } : {}),
  };
  switch (kind) {
    case 'agent':
      return { ...common, kind, agent: agentNamed(id), model: {} };
    case 'webhook':
      return {
        ...common,
        kind,
        onApproval: false,
        webhook: { url: `http://desk/${id}`, method: 'POST', headers: {}, body: {}, timeout: 30_000, idempotent: true },
      };
    case 'transform':
      return { ...common, kind, transform: { inputs: ['params'], ops: [] } };
    case 'wait':
      return {
        ...common,
        kind,
        wait: { question: id, schema: { type: 'object' }, deadline: 60_000, default: { ok: true } },
      };
  }
}

const agentNamed = (name: string) => ({
  name,
  file: `/${name}.agent.yaml`,
  group: 'standard',
  maxTurns: 2,
  params: [],
  prompt: { system: 'You work.', user: name },
  servers: [],
  output: { type: 'object' } satisfies Json,
});
