/** The facts of a run: who is at work, how far its messages were routed, what was used. The messages are in its list. */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { RunInput, RunMessage, RunOutput } from '../../src/contracts/run.ts';
import { failure } from '../failure.ts';
import { tighter, tokensOf } from '../agent/money.ts';
import { nothingUsed } from '../agent/context.ts';

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
  /** Set while a message waits until fewer than so many are at work: they hold what is left of the budget. */
  readonly crowd: number | undefined;
  readonly used: AgentUsage;
  readonly latest: RunMessage | undefined;
  readonly failure: Failure | undefined;
  readonly member: string | undefined;
  readonly outcome:
    { readonly status: RunOutput['status']; readonly reason?: string; readonly result?: Json } | undefined;
}

export const beginning = ({ type, body, budget, depth = 0 }: RunInput, at: number): RunContext => ({
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
  crowd: undefined,
  used: nothingUsed,
  latest: undefined,
  failure: undefined,
  member: undefined,
  outcome: undefined,
});

export const memberId = (place: number): string => `member.${place}`;

export const openPlaces = ({ members }: RunContext): number[] =>
  members.flatMap((name, place) => (name === null ? [] : [place]));

/** What is left of the run's budget, in equal shares. What members at work were given is theirs until they end: a team never uses more than its budget. */
export function allowance({ budget, used, granted }: RunContext, limits: Budget, shares: number): Budget {
  const { steps, tokens, usd, toolCalls } = tighter(limits, budget);
  const held = (what: keyof Budget) => granted.reduce((sum, grant) => sum + (grant?.[what] ?? 0), 0);
  const share = (limit: number, spent: number, what: keyof Budget) =>
    Math.max(0, (limit - spent - held(what)) / shares);
  return {
    ...(steps === undefined ? {} : { steps: Math.floor(share(steps, used.steps, 'steps')) }),
    ...(tokens === undefined ? {} : { tokens: Math.floor(share(tokens, tokensOf(used), 'tokens')) }),
    ...(usd === undefined ? {} : { usd: share(usd, used.usd ?? 0, 'usd') }),
    ...(toolCalls === undefined ? {} : { toolCalls: Math.floor(share(toolCalls, used.toolCalls, 'toolCalls')) }),
  };
}

/** A run without anything left of a budget starts nobody. Tool calls are the members' own affair: without them one can still answer. */
export const isSpent = (left: Budget): boolean => left.steps === 0 || left.tokens === 0 || left.usd === 0;

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
