/** The words a run is written in. */
import { assign, raise, setup, stateIn, type DoneActorEvent, type ErrorActorEvent } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { RunInput, RunOutput, RunSignal } from '../../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease, TreasurySettle } from '../../src/contracts/treasury.ts';
import { expired, failure, failureOf } from '../failure.ts';
import { placeOf } from '../place.ts';
import { parent } from '../parent.ts';
import { engineActions, slot } from '../slot.ts';
import { treasurerMachine } from '../treasury/treasurer.ts';
import { nothingUsed } from '../agent/context.ts';
import { endOf, memberId, openPlaces, together, type RunContext, type Sent } from './context.ts';
import { defaultRunSettings, type RunSettings } from './limits.ts';
import * as money from './money.ts';

/** Which of the messages that arrived is to be routed. */
export interface Routing {
  readonly index: number;
}
/** Who speaks next, or the team's answer. */
export type Routed = { readonly send: readonly Sent[] } | { readonly finish: Json };

export type RunEvent =
  | RunSignal
  | TreasuryLease
  | TreasuryAnswer
  | { type: 'run.settled' }
  /** From the engine: the deadline that the run was started with has passed. */
  | { type: 'troupe.deadline' }
  | { type: 'run.late'; expired?: true }
  | DoneActorEvent<Routed, 'route'>
  | DoneActorEvent<AgentOutput, `member.${number}`>
  | ErrorActorEvent<unknown, `member.${number}`>
  | ErrorActorEvent;

const routedIn = (event: RunEvent): Routed => (event as unknown as DoneActorEvent<Routed>).output;
const sends = (event: RunEvent) => {
  const routed = routedIn(event);
  return 'send' in routed ? routed.send : [];
};
const fail = (reason: Failure, member?: string) => ({
  outcome: { status: 'failed' as const },
  failure: reason,
  ...(member === undefined ? {} : { member }),
});

type Asks = (facts: { context: RunContext; event: RunEvent }) => boolean;

/** The questions that depend on what bounds the run. */
export function runGuardsOf(settings: RunSettings) {
  const { limits } = settings;
  return {
    isTooMany: ({ context, event }) => context.turns + sends(event).length > limits.maxTurns,
    isBudgeted: ({ context, event }) => sends(event).length > 0 && money.hasBudget(context, settings),
  } satisfies Record<string, Asks>;
}
export const runDelaysOf = ({ limits }: RunSettings) => ({ deadline: limits.deadline, grace: limits.grace });

const base = setup({
  types: {} as {
    context: RunContext;
    input: RunInput;
    events: RunEvent;
    output: RunOutput;
    tags: 'paused' | 'stopping';
  },
  actors: { route: slot<Routed, Routing>('route'), treasurer: treasurerMachine },
  delays: runDelaysOf(defaultRunSettings),
  guards: {
    ...runGuardsOf(defaultRunSettings),
    isPaused: stateIn({ active: { control: 'paused' } }),
    hasUnrouted: ({ context }) => context.routed < context.said,
    hasWorkers: ({ context }) => openPlaces(context).length > 0,
    isFinish: ({ event }) => 'finish' in routedIn(event),
    isAnswer: ({ event }) => endOf(event).answer !== undefined,
    isOurs: ({ context, event }) => money.isOurs(context, event),
    isLastWorker: ({ context, event }) => openPlaces(context).every((place) => place === placeOf(event.type)),
    isCompleted: ({ context }) => context.outcome?.status === 'completed',
    isCancelled: ({ context }) => context.outcome?.status === 'cancelled',
  },
  actions: engineActions,
});
const { enqueueActions } = base;

/** Starts a member for every message; where there is a budget, with the leases that were granted for them. */
const delegateWith = (settings: RunSettings) =>
  enqueueActions(({ context, event, enqueue }) => {
    const [members, granted, leases] = [[...context.members], [...context.granted], [...context.leases]];
    const { sending } = context;
    const budget = event.type === 'treasury.granted' ? event.budget : undefined;
    const messages = sending?.messages ?? sends(event);
    for (const [nth, { to, type, body }] of messages.entries()) {
      const free = members.indexOf(null);
      const place = free < 0 ? members.length : free;
      members[place] = to;
      granted[place] = budget ?? {};
      leases[place] = sending ? money.leaseOf(sending, nth) : null;
      const input = { type, body, ...money.allowanceOf(budget, leases[place] ?? undefined, settings) };
      // Members are provided by name, one for each of the team; the chart need not know them.
      enqueue.spawnChild(to as never, { id: memberId(place), input } as never);
    }
    const turns = context.turns + messages.length;
    enqueue.assign({ members, granted, leases, sending: undefined, turns, routed: context.routed + 1 });
  });

const tellMembers = (what: 'agent.pause' | 'agent.resume') =>
  enqueueActions(({ context, enqueue }) => {
    for (const place of openPlaces(context)) enqueue.sendTo(memberId(place) as never, { type: what } as never);
  });

export const runActionsOf = (settings: RunSettings) => ({
  delegate: delegateWith(settings),
  openTreasury: enqueueActions(({ context, enqueue }) => {
    if (!money.hasBudget(context, settings)) return;
    enqueue.spawnChild('treasurer', { id: money.treasurerId, input: money.treasuryOf(context, settings) });
  }),
  closeTreasury: enqueueActions(({ context, enqueue }) => {
    if (money.hasBudget(context, settings)) enqueue.stopChild(money.treasurerId);
  }),
});

export const run = base.extend({
  actions: {
    ...runActionsOf(defaultRunSettings),
    appendFirst: enqueueActions(({ context, enqueue }) => {
      enqueue({ type: 'append', params: { list: 'messages', entry: context.first as unknown as Json } });
      enqueue.assign({ first: undefined, said: 1 });
    }),
    /** A member has ended: its place is free, what it used is counted, what it answered has arrived. */
    takeEnd: enqueueActions(({ context, event, enqueue }) => {
      const place = placeOf(event.type);
      const name = context.members[place] ?? '';
      const { answer, usage } = endOf(event);
      enqueue.stopChild(memberId(place));
      const message = answer && { ...answer, from: name };
      if (message) enqueue({ type: 'append', params: { list: 'messages', entry: message } });
      enqueue.assign({
        members: context.members.map((member, index) => (index === place ? null : member)),
        granted: context.granted.map((grant, index) => (index === place ? null : grant)),
        leases: context.leases.map((lease, index) => (index === place ? null : lease)),
        used: together(context.used, usage),
        ...(message ? { said: context.said + 1, latest: message } : {}),
      });
    }),
    noteMemberFailed: assign(({ context, event }) =>
      fail(
        endOf(event).failure ?? failure('internal', 'A member ended without an answer.'),
        context.members[placeOf(event.type)] ?? undefined,
      ),
    ),
    noteRouteFailed: assign(({ event }) => fail(failureOf((event as ErrorActorEvent).error))),
    noteTooMany: assign(({ context }) =>
      fail(
        failure(
          'budget',
          `The run handed out ${context.turns} messages, which is as many as it may. Raise maxTurns, or let the route finish sooner.`,
          { turns: context.turns },
        ),
      ),
    ),
    noteSpent: assign(({ event }) => (event.type === 'treasury.refused' ? fail(event.failure) : {})),
    noteTreasurerFailed: assign(({ event }) => fail(failureOf((event as ErrorActorEvent).error))),

    // Money.
    askLease: enqueueActions(({ context, event, enqueue }) => {
      const messages = [...sends(event)];
      const request = money.requestOf(
        context,
        messages.map(({ to }) => to),
      );
      enqueue.sendTo(money.treasurerId as never, request as never);
      enqueue.assign({ asks: context.asks + 1, sending: { id: request.id, messages } });
    }),
    giveBack: enqueueActions(({ context: { sending }, enqueue }) => {
      sending?.messages.forEach((_, nth) => {
        const settle = { type: 'treasury.settle', id: money.leaseOf(sending, nth), used: nothingUsed };
        enqueue.sendTo(money.treasurerId as never, settle as never);
      });
      enqueue.assign({ sending: undefined });
    }),
    settleLease: enqueueActions(({ context, event, enqueue }) => {
      const id = context.leases[placeOf(event.type)];
      if (typeof id !== 'string') return;
      const settle: TreasurySettle = { type: 'treasury.settle', id, used: endOf(event).usage };
      enqueue.sendTo(money.treasurerId as never, settle as never);
    }),
    carryWord: enqueueActions(({ context, event, enqueue }) => {
      const word = event as TreasuryLease | TreasuryAnswer;
      const to = money.carried(context, word);
      if (to === 'above') enqueue.sendTo(parent, word);
      else if (to === 'treasurer') enqueue.sendTo(money.treasurerId as never, word as never);
      else if (to !== undefined) {
        enqueue.sendTo(memberId(to) as never, word as never);
        if (word.type === 'treasury.granted') enqueue.assign({ granted: context.granted.with(to, word.budget) });
      }
    }),
    noteLate: assign(({ event }) =>
      fail(
        event.type === 'run.late' && event.expired
          ? expired
          : failure('budget', 'The deadline of the team has passed.', { what: 'time' }),
      ),
    ),
    noteSilence: assign(() =>
      fail(
        failure(
          'definition',
          'The route sent nothing and finished nothing, and nobody is at work: the run would wait for ever.',
        ),
      ),
    ),
    settleCompleted: assign(({ event }) => {
      const routed = routedIn(event);
      return { outcome: { status: 'completed' as const, result: 'finish' in routed ? routed.finish : null } };
    }),
    settleCancelled: assign(({ event }) => ({
      outcome: { status: 'cancelled' as const, reason: event.type === 'run.cancel' ? event.reason : '' },
    })),
    stopMembers: enqueueActions(({ context, enqueue }) => {
      const reason =
        context.outcome?.reason ??
        (context.outcome?.status === 'completed'
          ? 'the run has its answer'
          : (context.failure?.message ?? 'the run ended'));
      for (const place of openPlaces(context))
        enqueue.sendTo(memberId(place) as never, { type: 'agent.cancel', reason } as never);
    }),
    abandonMembers: enqueueActions(({ context, enqueue }) => {
      for (const place of openPlaces(context)) enqueue.stopChild(memberId(place));
    }),
    pauseMembers: tellMembers('agent.pause'),
    resumeMembers: tellMembers('agent.resume'),
    sayLate: raise({ type: 'run.late' }),
    sayExpired: raise({ type: 'run.late', expired: true }),
    saySettled: raise({ type: 'run.settled' }),
  },
});
