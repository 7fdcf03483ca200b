/** How a run ended, read from the row of its root. */
import { AgentOutput, type AgentUsage } from './contracts/agent.ts';
import { Failure, type FailureKind } from './contracts/failure.ts';
import type { Json } from './contracts/json.ts';
import { RunOutput } from './contracts/run.ts';
import type { ActorRow } from './journal/journal.ts';

export type Ended =
  | { readonly status: 'done'; readonly output: Json; readonly usage?: AgentUsage }
  | { readonly status: 'failed'; readonly failure: Failure; readonly partial?: Json; readonly usage?: AgentUsage }
  | { readonly status: 'cancelled'; readonly reason: string; readonly usage?: AgentUsage };

interface Sealed {
  readonly machine: string;
  readonly state: { readonly output?: Json };
  readonly failure?: Failure;
}

/** The outcome of an actor that has ended; undefined while it lives. */
export function outcomeOf({ status, snapshot }: Pick<ActorRow, 'status' | 'snapshot'>): Ended | undefined {
  const { machine, state, failure } = snapshot as unknown as Sealed;
  switch (status) {
    case 'active':
      return undefined;
    case 'failed':
      return { status: 'failed', failure: failure ?? unsaid('The run failed and left no word why.') };
    case 'stopped':
      return { status: 'cancelled', reason: 'It was stopped.' };
    case 'done':
      if (machine === 'agent') return ofAgent(AgentOutput.parse(state.output));
      if (machine === 'run') return ofRun(RunOutput.parse(state.output));
      return { status: 'done', output: state.output ?? null };
  }
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

const unsaid = (message: string): Failure => ({ kind: 'internal' satisfies FailureKind, message, retryable: false });
