/** How a run ended, read from the row of its root. */
import type * as z from 'zod';
import { AgentOutput, type AgentUsage } from './contracts/agent.ts';
import { explain } from './contracts/explain.ts';
import { Failure, TroupeError, type FailureKind } from './contracts/failure.ts';
import type { Json } from './contracts/json.ts';
import { RunOutput } from './contracts/run.ts';
import { pipelineResult, RouterOutput } from './contracts/task.ts';
import type { ActorRow } from './journal/journal.ts';

export type Ended =
  | { readonly status: 'done'; readonly output: Json; readonly usage?: AgentUsage }
  | { readonly status: 'failed'; readonly failure: Failure; readonly partial?: Json; readonly usage?: AgentUsage }
  | { readonly status: 'cancelled'; readonly reason: string; readonly partial?: Json; readonly usage?: AgentUsage };

interface Sealed {
  readonly machine: string;
  readonly state: { readonly output?: Json };
  readonly failure?: Failure;
}

/** The outcome of an actor that has ended; undefined while it lives. Throws `corrupt` when what it gave cannot be read. */
export function outcomeOf({
  actor,
  status,
  snapshot,
}: Pick<ActorRow, 'actor' | 'status' | 'snapshot'>): Ended | undefined {
  const { machine, state, failure } = snapshot as unknown as Sealed;
  switch (status) {
    case 'active':
      return undefined;
    case 'failed':
      return { status: 'failed', failure: failure ?? unsaid('The run failed and left no word why.') };
    case 'stopped':
      return { status: 'cancelled', reason: 'It was stopped.' };
    case 'done':
      if (machine === 'agent') return ofAgent(read(AgentOutput, actor, state.output));
      if (machine === 'run') return ofRun(read(RunOutput, actor, state.output));
      if (machine === 'router') return ofRouter(read(RouterOutput, actor, state.output));
      return { status: 'done', output: state.output ?? null };
  }
}

function read<T>(schema: z.ZodType<T>, actor: string, output: unknown): T {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new TroupeError('corrupt', `What ${actor} gave cannot be read: ${explain(parsed.error, output)}.`);
}

function ofAgent(output: AgentOutput): Ended {
  const { usage } = output;
  switch (output.status) {
    case 'completed': {
      const { type, body } = output.answer;
      return { status: 'done', output: (type === 'text' ? body : { type, body }) as Json, usage };
    }
    case 'failed':
      return {
        status: 'failed',
        failure: output.failure,
        usage,
        ...(output.partial ? { partial: output.partial as Json } : {}),
      };
    case 'cancelled':
      return { status: 'cancelled', reason: output.reason, usage };
  }
}

function ofRun(output: RunOutput): Ended {
  const { usage } = output;
  switch (output.status) {
    case 'completed':
      return { status: 'done', output: output.result as Json, usage };
    case 'failed':
      return {
        status: 'failed',
        failure: output.failure,
        usage,
        ...(output.partial ? { partial: output.partial as unknown as Json } : {}),
      };
    case 'cancelled':
      return { status: 'cancelled', reason: output.reason, usage };
  }
}

/** A task that failed is a result like any other; what fails here is the orchestration. */
function ofRouter(output: RouterOutput): Ended {
  const { shape, results, usage } = output;
  const all = shape === 'pipeline' ? pipelineResult(results) : shape === 'one' ? (results[0] ?? null) : results;
  switch (output.status) {
    case 'completed':
      return { status: 'done', output: all as Json, usage };
    case 'failed':
      return { status: 'failed', failure: output.failure, partial: all as Json, usage };
    case 'cancelled':
      return { status: 'cancelled', reason: output.reason, partial: all as Json, usage };
  }
}

const unsaid = (message: string): Failure => ({ kind: 'internal' satisfies FailureKind, message, retryable: false });
