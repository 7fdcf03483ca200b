/** The outcome of a run, read from the row of its root actor. */
import * as z from 'zod';
import { AgentOutput, type AgentUsage } from '../contracts/agent.ts';
import { describeMismatch } from '../values/explain.ts';
import { Failure, TroupeError, type FailureKind } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { FlowEnd } from '../contracts/flow/flow.ts';
import { RunOutput } from '../contracts/run.ts';
import { WorkflowOutput, type StepMetrics } from '../contracts/workflow/step.ts';
import { routerResult } from '../contracts/routerResult.ts';
import { RouterOutput } from '../contracts/orchestration.ts';
import type { ActorRow } from '../journal/journal.ts';
import type { UnsettledWrite } from './unsettledWrite.ts';

/** What is added to an outcome when some of the run's writes are not settled. */
export interface WithUnsettled {
  /** Writes that may or may not have happened: they were stopped in the middle, or nobody could tell. None when absent. */
  readonly unsettled?: readonly UnsettledWrite[];
}

/** The outcome of an actor that has ended. */
export type EndedOutcome = WithUnsettled & Ended;

type Ended =
  | {
      readonly status: 'done';
      /** The result. */
      readonly output: Json;
      /** The result of a flow holds values that JSON does not have, such as dates, in a form of their own: `result()` of the handle gives them. */
      readonly encoded?: true;
      /** What it used up; missing for machines of users. */
      readonly usage?: AgentUsage;
    }
  | {
      readonly status: 'failed';
      /** Why it failed. */
      readonly failure: Failure;
      /** What there was of a result. */
      readonly partial?: Json;
      /** What it used up by then. */
      readonly usage?: AgentUsage;
    }
  | {
      readonly status: 'cancelled';
      /** The reason that was given. */
      readonly reason: string;
      /** What there was of a result. */
      readonly partial?: Json;
      /** What it used up by then. */
      readonly usage?: AgentUsage;
    };

/** The snapshot of an actor that has ended. The journal's rows hold it as JSON. */
interface FinalSnapshot {
  readonly machine: string;
  readonly state: { readonly output?: Json };
  readonly failure?: Failure;
}

/** The outcome of an actor that has ended; undefined while it is active. `isOwn`: this process has made the row. Throws `corrupt` when its output cannot be read. */
export function outcomeOf(
  { actor, status, snapshot }: Pick<ActorRow, 'actor' | 'status' | 'snapshot'>,
  isOwn = false,
): EndedOutcome | undefined {
  const { machine, state, failure } = snapshot as unknown as FinalSnapshot;
  switch (status) {
    case 'active':
      return undefined;
    case 'failed':
      return {
        status: 'failed',
        failure: failure ?? internalFailure('The run failed, and the journal has no reason for it.'),
      };
    case 'stopped':
      return { status: 'cancelled', reason: 'It was stopped.' };
    case 'done':
      if (machine === 'agent') return ofAgent(read(AgentOutput, actor, state.output));
      if (machine === 'guardrail') return ofGuardrail(read(GuardrailOutput, actor, state.output));
      if (machine === 'run') return ofRun(read(RunOutput, actor, state.output));
      if (machine === 'workflow') return ofWorkflow(read(WorkflowEnd, actor, state.output));
      // The machine of a flow gives nothing else, so its own word is taken.
      if (machine === 'flow') return ofFlow(isOwn ? (state.output as FlowEnd) : read(FlowEnd, actor, state.output));
      if (machine === 'router') return ofRouter(read(RouterOutput, actor, state.output));
      return { status: 'done', output: state.output ?? null };
  }
}

function read<T>(schema: z.ZodType<T>, actor: string, output: unknown): T {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new TroupeError('corrupt', `What ${actor} gave cannot be read: ${describeMismatch(parsed.error, output)}.`);
}

function ofAgent(output: AgentOutput): EndedOutcome {
  const { usage } = output;
  switch (output.status) {
    case 'completed': {
      const { type, body } = output.answer;
      return { status: 'done', output: type === 'text' ? body : { type, body }, usage };
    }
    case 'failed':
      return {
        status: 'failed',
        failure: output.failure,
        usage,
        ...(output.partial ? { partial: output.partial } : {}),
      };
    case 'cancelled':
      return { status: 'cancelled', reason: output.reason, usage };
  }
}

/** `bare`: what it guards answers with a body alone. */
const GuardrailOutput = z.intersection(AgentOutput, z.object({ bare: z.boolean().optional() }));

function ofGuardrail({ bare, ...output }: z.infer<typeof GuardrailOutput>): EndedOutcome {
  if (bare && output.status === 'completed') return { status: 'done', output: output.answer.body, usage: output.usage };
  return ofAgent(output);
}

function ofRun(output: RunOutput): EndedOutcome {
  const { usage } = output;
  switch (output.status) {
    case 'completed':
      return { status: 'done', output: output.result, usage };
    case 'failed':
      return {
        status: 'failed',
        failure: output.failure,
        usage,
        ...(output.partial ? { partial: asJson(output.partial) } : {}),
      };
    case 'cancelled':
      return { status: 'cancelled', reason: output.reason, usage };
  }
}

/** What the machine of a workflow puts out; the rest of it is for the workflow around it. */
const WorkflowEnd = z.object({ output: WorkflowOutput });

function ofWorkflow({ output }: z.infer<typeof WorkflowEnd>): EndedOutcome {
  const usage = usageOf(output.metrics);
  switch (output.status) {
    case 'complete':
      return { status: 'done', output: output.result, usage };
    case 'failed':
      return { status: 'failed', failure: output.failure, usage };
    case 'cancelled':
      return { status: 'cancelled', reason: output.reason, usage };
  }
}

/** `encoded` outputs stay as they are stored: whoever wants the values decodes them. */
const ofFlow = (end: FlowEnd): EndedOutcome =>
  end.status === 'completed' ? { status: 'done', output: end.output, ...(end.encoded ? { encoded: true } : {}) } : end;

const usageOf = ({ llm_calls, tokens_in, tokens_out, tool_calls, cost_usd }: StepMetrics): AgentUsage => ({
  steps: llm_calls,
  inputTokens: tokens_in,
  outputTokens: tokens_out,
  cachedTokens: 0,
  toolCalls: tool_calls,
  usd: cost_usd,
});

/** A task that failed is a result as others are; `failed` means that the orchestration itself failed. */
function ofRouter(output: RouterOutput): EndedOutcome {
  const { usage } = output;
  const all = routerResult(output);
  switch (output.status) {
    case 'completed':
      return { status: 'done', output: asJson(all), usage };
    case 'failed':
      return { status: 'failed', failure: output.failure, partial: asJson(all), usage };
    case 'cancelled':
      return { status: 'cancelled', reason: output.reason, partial: asJson(all), usage };
  }
}

/** Outputs come from the journal, which holds JSON; their schemas only add fields that may be missing. */
const asJson = (value: object | null): Json => value as Json;

const internalFailure = (message: string): Failure => ({
  kind: 'internal' satisfies FailureKind,
  message,
  retryable: false,
});
