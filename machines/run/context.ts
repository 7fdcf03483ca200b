/** The context of a run: which members work, how far its messages were routed, what was used. The messages are in its list. */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { RunInput, RunMessage, RunOutput } from '../../src/contracts/run.ts';
import type { MediaPart } from '../../src/contracts/media.ts';
import { partsIn } from '../../src/contracts/parts.ts';
import { makeFailure } from '../failure.ts';
import { asZodJson } from '../json.ts';
import { zeroUsage } from '../usage.ts';

/** A message that the route sends to a member. */
export interface RoutedMessage {
  /** The name of the member. */
  readonly to: string;
  /** The name of the message in the team's protocol. */
  readonly type: string;
  /** What the message says, in the shape that its type has in the team's protocol. */
  readonly body: Json;
  /** Images, audio and files beside it; none by default. */
  readonly parts?: readonly MediaPart[];
}

/** The context of a run. */
export interface RunContext {
  /** How many levels above this run handed the work on. */
  readonly depth: number;
  /** The first message until it is in the list. */
  readonly first: RunMessage | undefined;
  readonly budget: Budget | undefined;
  /** How many messages the run has, and how many of them were routed. */
  readonly said: number;
  readonly routed: number;
  /** How many messages were handed to members. */
  readonly turns: number;
  /** The members that work, by slot; null for a free slot, which is used again. */
  readonly members: readonly (string | null)[];
  /** What each of them was granted, by slot. */
  readonly granted: readonly (Budget | null)[];
  /** The number of the message that each works on, by slot; the first one handed out is 0. */
  readonly asked: readonly number[];
  /** The supervisors that were started. */
  readonly standing: readonly string[];
  /** The ids of their leases, by slot; only if there is a budget. */
  readonly leases: readonly (string | null)[];
  /** The id of the run's own lease, if the run above lends to it. */
  readonly lease: string | undefined;
  /** How many requests for leases were made, and what is sent once the latest one is granted. */
  readonly asks: number;
  readonly sending: { readonly id: string; readonly messages: readonly RoutedMessage[] } | undefined;
  readonly used: AgentUsage;
  readonly latest: RunMessage | undefined;
  readonly failure: Failure | undefined;
  readonly member: string | undefined;
  readonly outcome:
    | {
        readonly status: RunOutput['status'];
        readonly reason?: string;
        readonly result?: Json;
        readonly parts?: readonly MediaPart[];
      }
    | undefined;
}

export const initialRunContext = (
  { type, body, parts, budget, lease, depth = 0 }: RunInput,
  at: number,
): RunContext => ({
  depth,
  first: { type, body, ...partsIn(parts), at },
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
  used: zeroUsage,
  latest: undefined,
  failure: undefined,
  member: undefined,
  outcome: undefined,
});

/** The id of the child that works in a slot; supervisors have an id of their own. */
export const memberChildId = (slotIndex: number): string => `member.${slotIndex}`;

/** The members that work, with their slots. */
export const activeMembers = ({ members }: RunContext): { readonly slotIndex: number; readonly name: string }[] =>
  members.flatMap((name, slotIndex) => (name === null ? [] : [{ slotIndex, name }]));

/** How the run ended. What its members had answered is partial unless it completed. */
export function runOutputOf({ outcome, failure: reason, member, latest, turns, used }: RunContext): RunOutput {
  const partial = latest ? { partial: latest } : {};
  if (outcome?.status === 'completed')
    return {
      status: 'completed',
      result: asZodJson(outcome.result ?? null),
      ...partsIn(outcome.parts),
      turns,
      usage: used,
    };
  if (outcome?.status === 'cancelled')
    return { status: 'cancelled', reason: outcome.reason ?? '', ...partial, turns, usage: used };
  return {
    status: 'failed',
    failure: reason ?? makeFailure('internal', 'The run ended without an outcome.'),
    ...(member === undefined ? {} : { member }),
    ...partial,
    turns,
    usage: used,
  };
}
