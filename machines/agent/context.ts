/** The facts an agent keeps between steps: counters, ids and the calls of the current turn. What grows is in its lists. */
import type {
  AgentAnswer,
  AgentInput,
  AgentOutput,
  AgentUsage,
  Budget,
  Evidence,
  Phase,
} from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { InputPolicy, Note } from '../../src/contracts/input.ts';
import type { ToolTier } from '../../src/contracts/model.ts';
import { momentOf } from '../moment.ts';
import { purseOf, type Purse } from './purse.ts';
import type { Setback, Tries } from './strategy.ts';
import type { Belt } from './turn.ts';

/** A call of the current turn. Its result is in the transcript once it is answered, and nowhere else. */
export interface OpenCall {
  readonly id: string;
  readonly name: string;
  readonly answered?: true;
  /** An actor of its own makes it: a write, or a call that a person must allow. */
  readonly guarded?: true;
  /** Somebody else is at work on it. */
  readonly delegated?: true;
  /** They were told to stop, and have yet to say what they used. */
  readonly leaving?: true;
}

/** Which tools are on offer, and what is known about changing that. Steps are counted from the start of the task. */
export interface Tools {
  readonly tier: ToolTier;
  /** Changes with every new set of tools. */
  readonly epoch: number;
  /** A tier the model asked for. */
  readonly wanted?: ToolTier | undefined;
  /** Required capabilities that no tool has. */
  readonly missing: readonly string[];
  readonly evaluatedAt: number;
  readonly usedAt: number;
  /** A toolbelt that failed is not tried again before this step. */
  readonly blockedUntil: number;
  /** What a toolbelt activation goes back to, and what it found. */
  readonly before?: { readonly tier: ToolTier; readonly epoch: number } | undefined;
  readonly belt?: Belt | undefined;
}

/** Few keys at the top: every step copies them. */
export interface AgentContext {
  /** The task until it is in the transcript. */
  readonly task: Pick<AgentInput, 'type' | 'body'> | undefined;
  /** The type of the message that is the task. */
  readonly message: string;
  readonly allowance: Budget | undefined;
  /** How many hands the task came through. */
  readonly depth: number;
  readonly purse: Purse;
  readonly used: AgentUsage;
  /** The latest model call: what the next one is reckoned from. */
  readonly latest: { readonly tokens: number; readonly usd: number };
  readonly calls: readonly OpenCall[];
  /** Hashes of the latest calls, oldest first: a loop shows here. */
  readonly recent: readonly string[];
  /** Notes for the model, shown before its next turn. */
  readonly inbox: readonly Note[];
  /** As the agent's definition said when it began; a sender is told by it. */
  readonly onInput: InputPolicy;

  readonly tools: Tools;

  readonly requeries: number;
  readonly toolFailures: number;
  readonly rounds: number;
  readonly tries: Tries;

  /** When it began; milliseconds since the epoch. */
  readonly began: number;
  /** The moment in which the latest failure was taken in, and what chance says of the pause after it. */
  readonly setback: Setback;
  readonly failure: Failure | undefined;
  readonly phase: Phase | undefined;
  readonly answer: AgentAnswer | undefined;
  readonly evidence: readonly Evidence[];
  /** Set once, by the first decision that ends the task. */
  readonly outcome: { readonly status: AgentOutput['status']; readonly reason?: string } | undefined;
}

export const nothingUsed: AgentUsage = {
  steps: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  toolCalls: 0,
  usd: 0,
};

export const beginning = (input: AgentInput): AgentContext => ({
  task: { type: input.type, body: input.body },
  message: input.type,
  allowance: input.allowance,
  depth: input.depth ?? 0,
  began: momentOf({ input }).at,
  setback: { at: 0, chance: 0 },
  purse: purseOf(input),
  used: nothingUsed,
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

/** What the agent gives back. Whatever it had said counts as partial unless it completed. */
export function outputOf({ outcome, answer, evidence, failure, phase = 'execution', used }: AgentContext): AgentOutput {
  const partial = answer ? { partial: answer } : {};
  if (outcome?.status === 'completed' && answer)
    return { status: 'completed', answer, evidence: [...evidence], usage: used };
  if (outcome?.status === 'cancelled')
    return { status: 'cancelled', reason: outcome.reason ?? '', ...partial, usage: used };
  const because = failure ?? {
    kind: 'internal' as const,
    message: 'The agent ended without an outcome.',
    retryable: false,
  };
  return { status: 'failed', failure: because, phase, ...partial, evidence: [...evidence], usage: used };
}
