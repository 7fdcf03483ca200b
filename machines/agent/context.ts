/** The context of an agent between steps: counters, ids and the calls of the current turn. Everything that grows is in its lists. */
import type {
  AgentAnswer,
  AgentInput,
  AgentOutput,
  AgentUsage,
  Budget,
  Evidence,
  Phase,
} from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { InputPolicy, Note } from '../../src/contracts/input.ts';
import type { ToolTier } from '../../src/contracts/model.ts';
import { partOfArtifact, partsIn } from '../../src/contracts/parts.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { fundingOf, type Funding } from './fundingState.ts';
import type { TaskMedia } from './artifacts.ts';
import type { FailureTime, RecoveryCounts } from './recoveryState.ts';
import type { ToolbeltListing } from './effectTypes.ts';
import { zeroUsage } from '../usage.ts';

/** A call of the current turn. Once it is answered, its result is in the transcript and nowhere else. */
export interface PendingCall {
  readonly id: string;
  readonly name: string;
  readonly answered?: true;
  /** An actor of its own makes it: a write, or a call that a person must approve. */
  readonly guarded?: true;
  /** Another agent or a team works on it. */
  readonly delegated?: true;
  /** The delegate was told to stop, and has not yet said what it used. */
  readonly leaving?: true;
  /** The name under which the delegate may ask for more of the budget. */
  readonly lease?: string;
}

/** Which tools the model is offered, and when that was last looked at. Steps are counted from the start of the task. */
export interface ToolTierState {
  readonly tier: ToolTier;
  /** Changes with every new set of tools. */
  readonly epoch: number;
  /** The tier that the model asked for. */
  readonly wanted?: ToolTier | undefined;
  /** Required capabilities that no tool has. */
  readonly missing: readonly string[];
  /** The step at which the tier was last evaluated. */
  readonly evaluatedAt: number;
  /** The step at which a tool of this tier was last used. */
  readonly usedAt: number;
  /** After a toolbelt failed, it is not tried again before this step. */
  readonly blockedUntil: number;
  /** The tools before a toolbelt was activated: a rollback restores them. */
  readonly before?: { readonly tier: ToolTier; readonly epoch: number } | undefined;
  /** What the toolbelt that is being activated offers. */
  readonly belt?: ToolbeltListing | undefined;
}

/** The context of an agent. There are few keys at the top, because every step copies them. */
export interface AgentContext {
  /** The task, until it is in the transcript. */
  readonly task: Pick<AgentInput, 'type' | 'body' | 'parts' | 'artifacts'> | undefined;
  /** The artifacts of the task; none when absent. */
  readonly media?: TaskMedia;
  /** The type of the message that is the task. */
  readonly message: string;
  /** What is left for this task where that is less than the agent's own budget. */
  readonly allowance: Budget | undefined;
  /** How many levels above handed the task on. */
  readonly depth: number;
  readonly purse: Funding;
  readonly used: AgentUsage;
  /** The tokens and the cost in US dollars of the latest model call: the next one is expected to need as much. */
  readonly latest: { readonly tokens: number; readonly usd: number };
  readonly calls: readonly PendingCall[];
  /** Hashes of the latest calls, oldest first. A loop is detected by them. */
  readonly recent: readonly string[];
  /** Input for the model, shown before its next turn. */
  readonly inbox: readonly Note[];
  /** The input that was put into the transcript since the latest answer of the model; guardrails in front of the agent judge it before the next one. */
  readonly heard?: readonly string[];
  /** The policy for input that comes meanwhile, as the definition said when the task began. */
  readonly onInput: InputPolicy;

  readonly tools: ToolTierState;

  /** Answers in a row that could not be used. */
  readonly requeries: number;
  /** Failing tool calls in a row. */
  readonly toolFailures: number;
  /** Rounds of verification. */
  readonly rounds: number;
  readonly tries: RecoveryCounts;

  /** When it began; milliseconds since the epoch. */
  readonly began: number;
  /** When the latest failure was taken in, and the random number for the pause after it. */
  readonly setback: FailureTime;
  /** The failure that is being handled, or that ended the task. */
  readonly failure: Failure | undefined;
  /** The phase in which it failed. */
  readonly phase: Phase | undefined;
  /** The latest answer; partial until the task is completed. */
  readonly answer: AgentAnswer | undefined;
  readonly evidence: readonly Evidence[];
  /** Set once, by the first decision that ends the task. */
  readonly outcome: { readonly status: AgentOutput['status']; readonly reason?: string } | undefined;
}

export const initialAgentContext = (input: AgentInput): AgentContext => ({
  task: {
    type: input.type,
    body: input.body,
    ...(input.parts === undefined ? {} : { parts: input.parts }),
    ...(input.artifacts === undefined ? {} : { artifacts: input.artifacts }),
  },
  ...givenMedia(input),
  message: input.type,
  allowance: input.allowance,
  depth: input.depth ?? 0,
  began: eventContextOf({ input }).at,
  setback: { at: 0, chance: 0 },
  purse: fundingOf(input),
  used: zeroUsage,
  latest: { tokens: 0, usd: 0 },
  calls: [],
  recent: [],
  inbox: [],
  onInput: 'merge',
  tools: { tier: 'core', epoch: 0, missing: [], evaluatedAt: -1, usedAt: 0, blockedUntil: 0 },
  requeries: 0,
  toolFailures: 0,
  rounds: 0,
  tries: { retry: 0, alternative: 0, fallback: 0, recoveries: 0 },
  failure: undefined,
  phase: undefined,
  answer: undefined,
  evidence: [],
  outcome: undefined,
});

function givenMedia({ parts = [], artifacts = [], ...input }: AgentInput): Pick<AgentContext, 'media'> {
  const { actor } = eventContextOf({ input });
  const own = artifacts.map((artifact) => ({
    ...partOfArtifact(artifact),
    ...(actor === undefined ? {} : { at: actor }),
  }));
  return parts.length + own.length === 0 ? {} : { media: { given: [...parts, ...own] } };
}

/** The output of an agent. What it had answered is partial unless it completed. */
export function agentOutputOf({
  outcome,
  answer,
  evidence,
  failure,
  phase = 'execution',
  used,
  media,
}: AgentContext): AgentOutput {
  const said = answer && { ...answer, ...partsIn(media?.made) };
  const partial = said ? { partial: said } : {};
  if (outcome?.status === 'completed' && said)
    return { status: 'completed', answer: said, evidence: [...evidence], usage: used };
  if (outcome?.status === 'cancelled')
    return { status: 'cancelled', reason: outcome.reason ?? '', ...partial, usage: used };
  const because = failure ?? {
    kind: 'internal' as const,
    message: 'The agent ended without an outcome.',
    retryable: false,
  };
  return { status: 'failed', failure: because, phase, ...partial, evidence: [...evidence], usage: used };
}
