/** The words a run is written in. */
import { assign, raise, setup, stateIn, type DoneActorEvent, type ErrorActorEvent } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import { memberFailure } from '../../src/contracts/ending.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { RunInput, RunOutput, RunSignal } from '../../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease, TreasurySettle } from '../../src/contracts/treasury.ts';
import type { WorkDone } from '../../src/contracts/work.ts';
import { expired, failure, failureOf } from '../failure.ts';
import { endOf, inputFor, maxDepth, plainMember, together, tooDeep, wordFor } from '../member.ts';
import { momentOf } from '../moment.ts';
import { engineActions, slot } from '../slot.ts';
import { nothingUsed } from '../agent/context.ts';
import { parent } from '../parent.ts';
import { treasurerMachine } from '../treasury/treasurer.ts';
import { memberId, openPlaces, type RunContext, type Sent } from './context.ts';
import { defaultRunSettings, type RunSettings } from './limits.ts';
import * as money from './money.ts';
import { endedPlaces, fallen, standingId, workFor } from './standing.ts';

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
  | WorkDone
  | DoneActorEvent<AgentOutput | RunOutput, `member.${number}`>
  | DoneActorEvent<unknown, `standing.${string}`>
  | ErrorActorEvent<unknown, `standing.${string}`>
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
    isTooDeep: ({ context }) => context.depth >= maxDepth,
    isAnswer: ({ event }) => endOf(event).answer !== undefined,
    /** It tells of work that was given up, or of nobody's. */
    isStray: ({ context, event }) => endedPlaces(context, event).length === 0,
    isOurs: ({ context, event }) => money.isOurs(context, event),
    isLastWorker: ({ context, event }) => openPlaces(context).length === endedPlaces(context, event).length,
    isCompleted: ({ context }) => context.outcome?.status === 'completed',
    isCancelled: ({ context }) => context.outcome?.status === 'cancelled',
  },
  actions: engineActions,
});
const { enqueueActions } = base;

/** The places are free again. */
const without = ({ members, granted, leases }: RunContext, places: readonly number[]) => ({
  members: members.map((member, index) => (places.includes(index) ? null : member)),
  granted: granted.map((grant, index) => (places.includes(index) ? null : grant)),
  leases: leases.map((lease, index) => (places.includes(index) ? null : lease)),
});

type Say = 'cancel' | 'pause' | 'resume';

/** The deeds that depend on what bounds the run and on who its members are. */
export function runActionsOf(settings: RunSettings) {
  const { members: known = {} } = settings;
  const membership = (name: string) => known[name] ?? plainMember;
  const addressee = (place: number, name: string) =>
    (membership(name).kind === 'standing' ? standingId(name) : memberId(place)) as never;
  const tell = (what: Say, reasonOf: (context: RunContext) => string = () => '') =>
    enqueueActions(({ context, enqueue }) => {
      for (const place of openPlaces(context)) {
        const name = context.members[place]!;
        const word = wordFor(membership(name), what, String(place), reasonOf(context));
        enqueue.sendTo(addressee(place, name), word as never);
      }
    });
  return {
    /** Hands every message to somebody; where there is a budget, with the leases that were granted for them. */
    delegate: enqueueActions(({ context, event, enqueue }) => {
      const [members, granted, leases] = [[...context.members], [...context.granted], [...context.leases]];
      const [asked, standing] = [[...context.asked], [...context.standing]];
      const { sending } = context;
      const left = event.type === 'treasury.granted' ? event.budget : {};
      const messages = sending?.messages ?? sends(event);
      for (const [nth, { to, type, body }] of messages.entries()) {
        const free = members.indexOf(null);
        const place = free < 0 ? members.length : free;
        members[place] = to;
        granted[place] = left;
        leases[place] = sending ? money.leaseOf(sending, nth) : null;
        asked[place] = context.turns + nth;
        const who = membership(to);
        const lease = money.lent(leases[place] ?? undefined, settings);
        const handed = { type, body, left, depth: context.depth + 1, ...lease };
        // Members are provided by name, one for each of the team; the chart need not know them.
        const start = (id: string, input: unknown) => enqueue.spawnChild(to as never, { id, input } as never);
        if (who.kind !== 'standing') start(memberId(place), inputFor(who, handed));
        else {
          if (!standing.includes(to)) {
            standing.push(to);
            start(standingId(to), { standing: true });
          }
          enqueue.sendTo(standingId(to) as never, workFor(who, place, handed) as never);
        }
      }
      const turns = context.turns + messages.length;
      const routed = context.routed + 1;
      enqueue.assign({ members, granted, leases, asked, standing, sending: undefined, turns, routed });
    }),
    openTreasury: enqueueActions(({ context, enqueue }) => {
      if (!money.hasBudget(context, settings)) return;
      enqueue.spawnChild('treasurer', { id: money.treasurerId, input: money.treasuryOf(context, settings) });
    }),
    closeTreasury: enqueueActions(({ context, enqueue }) => {
      if (money.hasBudget(context, settings)) enqueue.stopChild(money.treasurerId);
    }),
    /** Somebody has ended: the place is free, what was used is counted, what was answered has arrived. */
    takeEnd: enqueueActions(({ context, event, enqueue }) => {
      const places = endedPlaces(context, event);
      const [place] = places;
      const name = place === undefined ? '' : context.members[place]!;
      const { answer, usage } = endOf(event, membership(name));
      if (place !== undefined && membership(name).kind !== 'standing') enqueue.stopChild(memberId(place));
      const message = answer && place !== undefined && { ...answer, from: name };
      if (message) {
        const entry = { ...message, turn: context.asked[place]!, usage, at: momentOf(event).at };
        enqueue({ type: 'append', params: { list: 'messages', entry } });
      }
      enqueue.assign({
        ...without(context, places),
        ...(place === undefined ? {} : { used: together(context.used, usage) }),
        ...(message ? { said: context.said + 1, latest: message } : {}),
      });
    }),
    carryWord: enqueueActions(({ context, event, enqueue }) => {
      const word = event as TreasuryLease | TreasuryAnswer;
      const to = money.carried(context, word);
      if (to === 'above') enqueue.sendTo(parent, word);
      else if (to === 'treasurer') enqueue.sendTo(money.treasurerId as never, word as never);
      else if (to !== undefined) {
        enqueue.sendTo(addressee(to, context.members[to]!), word as never);
        if (word.type === 'treasury.granted') enqueue.assign({ granted: context.granted.with(to, word.budget) });
      }
    }),
    abandonMembers: enqueueActions(({ context, enqueue }) => {
      const left = openPlaces(context).map((place) => addressee(place, context.members[place]!));
      for (const id of new Set(left)) enqueue.stopChild(id);
    }),
    stopMembers: tell('cancel', ({ outcome, failure: reason }) =>
      outcome?.status === 'completed'
        ? 'the run has its answer'
        : (outcome?.reason ?? reason?.message ?? 'the run ended'),
    ),
    pauseMembers: tell('pause'),
    resumeMembers: tell('resume'),
  };
}

export const run = base.extend({
  actions: {
    ...runActionsOf(defaultRunSettings),
    appendFirst: enqueueActions(({ context, enqueue }) => {
      enqueue({ type: 'append', params: { list: 'messages', entry: context.first as unknown as Json } });
      enqueue.assign({ first: undefined, said: 1 });
    }),
    /** One that stands is gone, and with it whatever it had under way. */
    takeFall: assign(({ context, event }) => ({
      ...without(context, endedPlaces(context, event)),
      standing: context.standing.filter((name) => name !== fallen(event.type)),
    })),
    noteMemberFailed: assign(({ context, event }) => {
      const { failure: reason = failure('internal', 'A member ended without an answer.'), phase } = endOf(event);
      const member = context.members[endedPlaces(context, event)[0] ?? -1] ?? undefined;
      if (member === undefined) return fail(reason);
      return fail(memberFailure(reason, { member, ...(phase === undefined ? {} : { phase }) }), member);
    }),
    noteTooDeep: assign(({ context }) => fail(tooDeep(context.depth + 1))),
    noteFallen: assign(({ event }) => {
      const name = fallen(event.type) ?? '';
      const gone = failure(
        'internal',
        `The supervisor "${name}" ended while it had work; it must stand until the run ends.`,
      );
      return fail(event.type.startsWith('xstate.error.') ? failureOf((event as ErrorActorEvent).error) : gone, name);
    }),
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
      const id = context.leases[endedPlaces(context, event)[0] ?? -1];
      if (typeof id !== 'string') return;
      const settle: TreasurySettle = { type: 'treasury.settle', id, used: endOf(event).usage };
      enqueue.sendTo(money.treasurerId as never, settle as never);
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
    sayLate: raise({ type: 'run.late' }),
    sayExpired: raise({ type: 'run.late', expired: true }),
    saySettled: raise({ type: 'run.settled' }),
  },
});
