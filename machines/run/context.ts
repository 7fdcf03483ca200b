/** The facts of a run: who is at work, how far its messages were routed, what was used. The messages are in its list. */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { RunInput, RunMessage, RunOutput } from '../../src/contracts/run.ts';
import { failure } from '../failure.ts';
import { nothingUsed } from '../agent/context.ts';

/** A message on its way to a member. */
export interface Sent {
  readonly to: string;
  readonly type: string;
  readonly body: Json;
}

export interface RunContext {
  /** How far down from whoever began it all. */
  readonly depth: number;
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
  /** Which of the messages that were handed out each works on, by place, counted from 0. */
  readonly asked: readonly number[];
  /** Supervisors that were started and stand. */
  readonly standing: readonly string[];
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

export const beginning = ({ type, body, budget, lease, depth = 0 }: RunInput, at: number): RunContext => ({
  depth,
  first: { type, body, at },
  budget,
  said: 0,
  routed: 0,
  turns: 0,
  members: [],
  granted: [],
  asked: [],
  standing: [],
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
