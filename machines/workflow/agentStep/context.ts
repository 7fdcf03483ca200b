/** The context of an agent step between its turns: counters and the calls of the current turn. Everything that grows is in its lists. */
import type { StoredAgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import type { StepEnd, StepMetrics } from '../../../src/contracts/workflow/step.ts';
import type { Failure } from '../../../src/values/failure.ts';
import { makeFailure } from '../../failure.ts';
import { addMetrics } from '../stepEnds.ts';
import type { CallGate, StepCall } from './effectTypes.ts';

/** A call that is being made. */
export interface RunningStepCall {
  /** The number of its child. */
  readonly slot: number;
  readonly id: string;
  readonly name: string;
  /** A person must agree to it; absent when nobody must. */
  readonly gate?: CallGate;
  /** A sub-agent works on it; absent for the call of a tool. */
  readonly agent?: true;
}

/** Why a step fails: a word for programs, and the failure. */
export interface StepFault {
  readonly code: string;
  readonly failure: Failure;
}

/** The context of an agent step. */
export interface AgentStepContext {
  /** The task, until it is in its list. */
  readonly task: StoredAgentTask | undefined;
  /** The id of the step in its workflow, with `.N` for an item. */
  readonly step: string;
  /** How often the model may be asked in the main loop. */
  readonly maxTurns: number;
  /** How many tool servers there are. */
  readonly servers: number;
  /** How often the model was asked in the main loop. */
  readonly turns: number;
  /** The last text that was not one JSON object; undefined when every text was. */
  readonly unreadable?: string | undefined;
  /** The one round in which the model corrects what breaks the schema has been used. */
  readonly repaired: boolean;
  /** The calls of this turn that were not begun yet, in order. */
  readonly queue: readonly StepCall[];
  /** The calls that are being made. */
  readonly running: readonly RunningStepCall[];
  /** The one correction of the reflection has been used. */
  readonly reflectionCorrected: boolean;
  /** What the step itself has used. */
  readonly metrics: StepMetrics;
  /** What its sub-agents have used; absent while there is nothing. */
  readonly below?: StepMetrics;
  /** What it may cost with its sub-agents, in US dollars; absent when there is no limit. */
  readonly budgetUsd?: number;
  /** It rests before the next call of the model. */
  readonly paused: boolean;
  /** Why the step fails, once that is decided. */
  readonly fault?: StepFault | undefined;
  /** The end without its metrics, once it is known. */
  readonly end?: StepEnd | undefined;
  /** Whether a draft was reflected upon. */
  readonly reflected: boolean;
}

export const initialAgentStepContext = (task: StoredAgentTask): AgentStepContext => ({
  task,
  step: task.value.step,
  maxTurns: task.value.maxTurns,
  servers: task.value.servers.length,
  ...(task.value.budgetUsd === undefined ? {} : { budgetUsd: task.value.budgetUsd }),
  turns: 0,
  repaired: false,
  queue: [],
  running: [],
  reflectionCorrected: false,
  metrics: { duration_ms: 0, tokens_in: 0, tokens_out: 0, cost_usd: 0, llm_calls: 0, tool_calls: 0, reflect_calls: 0 },
  paused: false,
  reflected: false,
});

const noEnd: StepFault = {
  code: 'failed',
  failure: makeFailure('internal', 'The agent step was stopped before it ended.'),
};

/** What a step has cost so far together with its sub-agents, in US dollars. */
export const spentBy = ({ metrics, below }: Pick<AgentStepContext, 'metrics' | 'below'>): number =>
  metrics.cost_usd + (below?.cost_usd ?? 0);

/** How the step ended, with what it and its sub-agents used. */
export function agentStepEnd({ end, fault, metrics: own, below, reflected, unreadable }: AgentStepContext): StepEnd {
  const { reflect_calls: reflections = 0 } = own;
  const metrics = below ? addMetrics(own, below) : own;
  const tried = reflected || reflections > 0;
  if (fault || !end) {
    const { code, failure } = fault ?? noEnd;
    const isBadText = code === 'max_turns_exceeded' || code === 'reflect_output_invalid';
    const raw = isBadText && unreadable !== undefined ? { raw_output: unreadable } : {};
    return { status: 'failed', code, failure, metrics, ...raw, reflected: tried };
  }
  return end.status === 'skipped' ? { ...end, metrics } : { ...end, metrics, reflected: tried };
}
