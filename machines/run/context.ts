/** The facts of a run: who is at work, how far its messages were routed, what was used. The messages are in its list. */
import type { AgentAnswer, AgentOutput, AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { RunInput, RunMessage, RunOutput } from '../../src/contracts/run.ts';
import { failure, failureOf } from '../failure.ts';
import { nothingUsed } from '../agent/context.ts';

/** A message on its way to a member. */
export interface Sent {
  readonly to: string;
  readonly type: string;
  readonly body: Json;
}

export interface RunContext {
  /** The first message until it is in the list. */
  readonly first: RunMessage | undefined;
  readonly budget: Budget | undefined;
  /** Messages that arrived, and how many of them were routed. */
  readonly said: number;
  readonly routed: number;
  /** Messages handed to members. */
  readonly turns: number;
  /** Who is at work, by place; a place is used again. */
  readonly members: readonly (string | null)[];
  /** What each of them may use up, by place. */
  readonly granted: readonly (Budget | null)[];
  /** The names of their leases, by place; only where there is a budget. */
  readonly leases: readonly (string | null)[];
  /** The run's own, where somebody above it lends. */
  readonly lease: string | undefined;
  /** How often a lease was asked for; and what is sent when the latest is granted. */
  readonly asks: number;
  readonly sending: { readonly id: string; readonly messages: readonly Sent[] } | undefined;
  readonly used: AgentUsage;
  readonly latest: RunMessage | undefined;
  readonly failure: Failure | undefined;
  readonly member: string | undefined;
  readonly outcome:
    { readonly status: RunOutput['status']; readonly reason?: string; readonly result?: Json } | undefined;
}

export const beginning = ({ type, body, budget, lease }: RunInput): RunContext => ({
  first: { type, body },
  budget,
  said: 0,
  routed: 0,
  turns: 0,
  members: [],
  granted: [],
  leases: [],
  lease,
  asks: 0,
  sending: undefined,
  used: nothingUsed,
  latest: undefined,
  failure: undefined,
  member: undefined,
  outcome: undefined,
});

export const memberId = (place: number): string => `member.${place}`;

export const openPlaces = ({ members }: RunContext): number[] =>
  members.flatMap((name, place) => (name === null ? [] : [place]));

export const together = (a: AgentUsage, b: AgentUsage): AgentUsage => ({
  steps: a.steps + b.steps,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  toolCalls: a.toolCalls + b.toolCalls,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
});

export function outputOf({ outcome, failure: reason, member, latest, turns, used }: RunContext): RunOutput {
  const partial = latest ? { partial: latest } : {};
  if (outcome?.status === 'completed')
    return { status: 'completed', result: (outcome.result ?? null) as never, turns, usage: used };
  if (outcome?.status === 'cancelled')
    return { status: 'cancelled', reason: outcome.reason ?? '', ...partial, turns, usage: used };
  return {
    status: 'failed',
    failure: reason ?? failure('internal', 'The run ended without an outcome.'),
    ...(member === undefined ? {} : { member }),
    ...partial,
    turns,
    usage: used,
  };
}

/** How a member ended: with an answer, or with the failure it could not get over. */
export function endOf(event: { type: string; output?: unknown; error?: unknown }): {
  answer?: AgentAnswer;
  failure?: Failure;
  usage: AgentUsage;
} {
  if (event.type.startsWith('xstate.error.')) return { failure: failureOf(event.error), usage: nothingUsed };
  const output = event.output as AgentOutput;
  switch (output.status) {
    case 'completed':
      return { answer: output.answer, usage: output.usage };
    case 'failed':
      return { failure: output.failure, usage: output.usage };
    case 'cancelled':
      return { failure: failure('cancelled', `A member was stopped: ${output.reason}`), usage: output.usage };
  }
}
