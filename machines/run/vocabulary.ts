/** The words a run is written in. */
import { assign, raise, setup, stateIn, type DoneActorEvent, type ErrorActorEvent } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import { memberFailure } from '../../src/contracts/ending.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { RunInput, RunOutput, RunSignal } from '../../src/contracts/run.ts';
import { expired, failure, failureOf } from '../failure.ts';
import { placeOf } from '../place.ts';
import { engineActions, slot } from '../slot.ts';
import { allowance, endOf, isSpent, memberId, openPlaces, together, type RunContext } from './context.ts';
import { defaultRunSettings, type RunSettings } from './limits.ts';

/** Which of the messages that arrived is to be routed. */
export interface Routing {
  readonly index: number;
}
/** Who speaks next, or the team's answer. */
export type Routed =
  | { readonly send: readonly { readonly to: string; readonly type: string; readonly body: Json }[] }
  | { readonly finish: Json };

export type RunEvent =
  | RunSignal
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
export function runGuardsOf({ limits, budget }: RunSettings) {
  return {
    isTooMany: ({ context, event }) => context.turns + sends(event).length > limits.maxTurns,
    isSpent: ({ context, event }) =>
      sends(event).length > 0 && isSpent(allowance(context, budget, sends(event).length)),
    /** Nothing is left to give, but somebody at work may bring something back. */
    isShort: ({ context, event }) =>
      sends(event).length > 0 &&
      openPlaces(context).length > 0 &&
      isSpent(allowance(context, budget, sends(event).length)),
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
  actors: { route: slot<Routed, Routing>('route') },
  delays: runDelaysOf(defaultRunSettings),
  guards: {
    ...runGuardsOf(defaultRunSettings),
    isPaused: stateIn({ active: { control: 'paused' } }),
    hasUnrouted: ({ context }) => context.routed < context.said,
    hasWorkers: ({ context }) => openPlaces(context).length > 0,
    isFinish: ({ event }) => 'finish' in routedIn(event),
    isAnswer: ({ event }) => endOf(event).answer !== undefined,
    isRoomier: ({ context }) => openPlaces(context).length < (context.crowd ?? 0),
    isLastWorker: ({ context, event }) => openPlaces(context).every((place) => place === placeOf(event.type)),
    isCompleted: ({ context }) => context.outcome?.status === 'completed',
    isCancelled: ({ context }) => context.outcome?.status === 'cancelled',
  },
  actions: engineActions,
});
const { enqueueActions } = base;

/** Starts a member for every message, within what is left of the budget. */
const delegateWith = ({ budget }: RunSettings) =>
  enqueueActions(({ context, event, enqueue }) => {
    const members = [...context.members];
    const granted = [...context.granted];
    const messages = sends(event);
    const left = allowance(context, budget, messages.length);
    for (const { to, type, body } of messages) {
      const free = members.indexOf(null);
      const place = free < 0 ? members.length : free;
      members[place] = to;
      granted[place] = left;
      const input = { type, body, ...(Object.keys(left).length > 0 ? { allowance: left } : {}) };
      // Members are provided by name, one for each of the team; the chart need not know them.
      enqueue.spawnChild(to as never, { id: memberId(place), input } as never);
    }
    enqueue.assign({ members, granted, turns: context.turns + messages.length, routed: context.routed + 1 });
  });

const tellMembers = (what: 'agent.pause' | 'agent.resume') =>
  enqueueActions(({ context, enqueue }) => {
    for (const place of openPlaces(context)) enqueue.sendTo(memberId(place) as never, { type: what } as never);
  });

export const runActionsOf = (settings: RunSettings) => ({ delegate: delegateWith(settings) });

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
        used: together(context.used, usage),
        ...(message ? { said: context.said + 1, latest: message } : {}),
      });
    }),
    noteCrowd: assign({ crowd: ({ context }) => openPlaces(context).length }),
    noteMemberFailed: assign(({ context, event }) => {
      const { failure: reason = failure('internal', 'A member ended without an answer.'), phase } = endOf(event);
      const member = context.members[placeOf(event.type)] ?? undefined;
      if (member === undefined) return fail(reason);
      return fail(memberFailure(reason, { member, ...(phase === undefined ? {} : { phase }) }), member);
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
    noteSpent: assign(() => fail(failure('budget', 'The budget of the run is used up; nobody else is started.'))),
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
