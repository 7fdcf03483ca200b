/** The words a guardrail is written in. */
import { assign, setup, stateIn, type DoneActorEvent, type ErrorActorEvent } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import type { Work, WorkDone, WorkSignal } from '../../src/contracts/work.ts';
import { failureOf } from '../failure.ts';
import { momentOf } from '../moment.ts';
import { parent } from '../parent.ts';
import { placeOf } from '../place.ts';
import { outputOf } from '../output.ts';
import { fallen } from '../run/standing.ts';
import { slot } from '../slot.ts';
import { waitMachine } from '../wait.ts';
import { belowId, type GuardrailContext, type GuardrailInput } from './context.ts';
import { draft, placesOf, type Checking, type Deed, type DoorEvent, type Draft, type TimerEvent } from './draft.ts';
import * as behind from './behind.ts';
import * as passage from './passage.ts';
import { refusal } from './refusal.ts';
import { rejectedBefore, type Rejection } from './rules.ts';
import { defaultGuardrailSettings, type GuardrailSettings } from './settings.ts';

/** What a user's check says. */
export type Verdict = { readonly ok: true } | ({ readonly ok: false } & Rejection);

export type GuardrailEvent =
  | (Work & { readonly at?: number })
  | WorkDone
  | WorkSignal
  | TreasuryLease
  | TreasuryAnswer
  | DoorEvent
  | TimerEvent
  | { type: 'guardrail.reset' }
  | { type: 'guardrail.trip'; reason: string }
  | { type: 'guardrail.stop'; reason: string }
  | { type: 'guardrail.settled' }
  /** From the engine: the deadline of the run has passed. */
  | { type: 'troupe.deadline' }
  | DoneActorEvent<Verdict, `check.${number}`>
  | ErrorActorEvent<unknown, `check.${number}`>
  | DoneActorEvent<AgentOutput, `task.${number}`>
  | ErrorActorEvent<unknown, `task.${number}`>
  | DoneActorEvent<unknown, `standing.${string}`>
  | ErrorActorEvent<unknown, `standing.${string}`>
  | DoneActorEvent<unknown, 'below'>
  | ErrorActorEvent<unknown, 'below'>
  | DoneActorEvent<WaitOutput, 'reset'>
  | ErrorActorEvent<unknown, 'reset'>;

interface Facts {
  readonly context: GuardrailContext;
  readonly event: GuardrailEvent;
}
type Asks = (facts: Facts) => boolean;

/** A beginning that the machine raised itself brings its moment along. */
const atOf = (event: GuardrailEvent): number => ('at' in event ? (event.at ?? 0) : momentOf(event).at);
/** The work that a timer, a check or an end is about. */
const placeIn = ({ context, event }: Facts): number => {
  if ('place' in event) return event.place;
  return event.type === 'work.done' ? (placesOf({ facts: context }, event.id)[0] ?? -1) : placeOf(event.type);
};
const stageIn = (facts: Facts) => facts.context.passages[placeIn(facts)]?.stage;
const verdictIn = (event: GuardrailEvent) => (event as DoneActorEvent<Verdict>).output;

export function guardrailGuardsOf(settings: GuardrailSettings) {
  const { trip, below } = settings;
  return {
    isUnknown: ({ event }) =>
      event.type === 'work' && below === undefined && behind.whoFor({ settings }, event) === undefined,
    isRejected: ({ context, event }) =>
      event.type === 'work' && rejectedBefore(settings, context, event, atOf(event)) !== undefined,
    /** A person must look at it: its own rejection, where that is wanted. */
    isGrave: ({ context, event }) =>
      event.type === 'guardrail.failed' && event.round === context.round && trip === 'person' && event.own,
    isTooMany: ({ context, event }) =>
      event.type === 'guardrail.failed' &&
      event.round === context.round &&
      typeof trip === 'object' &&
      context.failures + 1 >= trip.after,
  } satisfies Record<string, Asks>;
}

export const guardrailDelaysOf = ({ trip }: GuardrailSettings) => ({
  rest: typeof trip === 'object' ? trip.rest : 0,
});

const base = setup({
  types: {} as {
    context: GuardrailContext;
    input: GuardrailInput;
    events: GuardrailEvent;
    output: AgentOutput & { bare?: boolean };
    tags: 'shut' | 'waiting';
  },
  actors: { checkWork: slot<Verdict, Checking>('checkWork'), wait: waitMachine },
  delays: guardrailDelaysOf(defaultGuardrailSettings),
  guards: {
    ...guardrailGuardsOf(defaultGuardrailSettings),
    /** It is under way already: it will be answered once. */
    isTwice: ({ context, event }) => event.type === 'work' && placesOf({ facts: context }, event.id).length > 0,
    isOpen: stateIn({ active: { door: 'open' } }),
    isTrying: stateIn({ active: { door: { halfOpen: 'trying' } } }),
    isTripped: stateIn({ active: { door: 'tripped' } }),
    isPassed: ({ event }) => verdictIn(event).ok,
    isAsked: (facts) => stageIn(facts) !== undefined && stageIn(facts) !== 'stopping',
    isUnderWay: (facts) => stageIn(facts) === 'task',
    isStopping: (facts) => stageIn(facts) === 'stopping',
    isMine: (facts) => ['task', 'stopping'].includes(stageIn(facts) ?? ''),
    isOfNow: ({ context, event }) => 'round' in event && event.round === context.round,
    isReset: (_, output: WaitOutput) =>
      output.status !== 'aborted' && (output.answer as { reset?: boolean } | undefined)?.reset === true,
    hasPassages: ({ context }) => context.passages.length > 0,
    hasNone: ({ context }) => context.passages.length === 0,
  },
});
const { enqueueActions } = base;

/** An action that thinks a step out and then does it. */
const thinking = (settings: GuardrailSettings, think: (draft: Draft, facts: Facts) => void) =>
  enqueueActions(({ context, event, enqueue }) => {
    const step = draft(settings, context, atOf(event));
    think(step, { context, event });
    enqueue.assign(step.facts);
    for (const deed of step.deeds) perform(deed);

    function perform(deed: Deed): void {
      switch (deed.do) {
        case 'check':
          return enqueue.spawnChild('checkWork', { id: deed.id, input: deed.input });
        case 'start':
          // What is supervised is provided by name; the chart need not know it.
          return enqueue.spawnChild(deed.who as never, { id: deed.id, input: deed.input } as never);
        case 'stop':
          return enqueue.stopChild(deed.id);
        case 'tell':
          return enqueue.sendTo(deed.id as never, deed.event as never);
        case 'answer':
          return enqueue.sendTo(parent, deed.event);
        case 'raise':
          return enqueue.raise(deed.event);
        case 'wait':
          return enqueue.raise(deed.event, { id: deed.id, delay: deed.delay });
        case 'unwait':
          return enqueue.cancel(deed.id);
      }
    }
  });

const silent = (patience: number): Rejection => ({
  kind: 'denied',
  reason: `its check gave no answer within ${patience} ms, so nothing is let through`,
});
/** The door is shut: nobody waits before it, everybody is told why at once. */
const doorActionsOf = (settings: GuardrailSettings) => {
  const refuse = (why: (draft: Draft) => Rejection) =>
    thinking(settings, (step, { event }) => {
      if (event.type === 'work') passage.reject(step, event, why(step));
    });
  return {
    refuseOpen: refuse(({ facts: { until, why }, at }) => ({
      kind: 'transient',
      reason: `too many failed in a row (${why}), and it rests`,
      retryAfter: Math.max(0, until - at),
    })),
    refuseTrying: refuse(() => ({
      kind: 'transient',
      reason: 'it lets one through to try, and that one is under way',
    })),
    refuseTripped: refuse(({ facts: { why } }) => ({
      kind: 'denied',
      reason: `it has tripped (${why}), until a person resets it`,
    })),
  };
};

export function guardrailActionsOf(settings: GuardrailSettings) {
  const { name, below, patience, trip } = settings;
  return {
    startBelow: enqueueActions(({ enqueue }) => {
      // The one below is provided by its name, as what is supervised is.
      if (below !== undefined) enqueue.spawnChild(below as never, { id: belowId, input: { standing: true } } as never);
    }),
    restartBelow: enqueueActions(({ context, enqueue }) => {
      if (below === undefined || !context.dead) return;
      enqueue.spawnChild(below as never, { id: belowId, input: { standing: true } } as never);
      enqueue.assign({ dead: false });
    }),
    admit: thinking(settings, (step, { event }) => {
      if (event.type === 'work') passage.admit(step, workOf(event));
    }),
    reject: thinking(settings, (step, { event }) => {
      if (event.type === 'work') passage.rejectByRule(step, event);
    }),
    refuseUnknown: thinking(settings, (step, { event }) => {
      if (event.type !== 'work') return;
      const there = Object.keys(settings.supervised).join(', ');
      const reason = `there is nobody called "${event.to ?? ''}" behind it; there is ${there}`;
      passage.reject(step, event, { kind: 'capability', reason });
    }),
    ...doorActionsOf(settings),
    proceed: thinking(settings, (step, facts) => passage.proceed(step, placeIn(facts))),
    watch: thinking(settings, (step, facts) => passage.ask(step, placeIn(facts), 'mid')),
    turnAway: thinking(settings, (step, facts) => {
      const { kind, reason, retryAfter } = verdictIn(facts.event) as Rejection;
      passage.turnAway(step, placeIn(facts), { kind, reason, ...(retryAfter === undefined ? {} : { retryAfter }) });
    }),
    turnAwayBroken: thinking(settings, (step, facts) => {
      const { message } = failureOf((facts.event as ErrorActorEvent).error);
      const reason = `its check broke, so nothing is let through: ${message}`;
      passage.turnAway(step, placeIn(facts), { kind: 'denied', reason });
    }),
    turnAwaySilent: thinking(settings, (step, facts) => passage.turnAway(step, placeIn(facts), silent(patience))),
    takeEnd: thinking(settings, (step, facts) => {
      const { event } = facts;
      const end = event.type === 'work.done' ? event.output : outputOf(event);
      passage.takeEnd(step, placeIn(facts), end);
    }),
    takeFall: thinking(settings, (step, { event }) => {
      const why = event.type.startsWith('xstate.error.')
        ? failureOf((event as ErrorActorEvent).error).message
        : 'it ended';
      passage.takeFall(step, fallen(event.type) ?? '', why);
    }),
    askAbove: thinking(settings, (step, { event }) => {
      if (event.type === 'treasury.lease') behind.askAbove(step, event);
    }),
    takeMoney: thinking(settings, (step, { event }) => {
      if (event.type === 'treasury.granted' || event.type === 'treasury.refused') behind.takeAnswer(step, event);
    }),
    stopLate: thinking(settings, (step, facts) => {
      const reason = 'it took longer than it may, and was stopped';
      passage.turnAway(step, placeIn(facts), { kind: 'timeout', reason });
    }),
    abandon: thinking(settings, (step, facts) => passage.abandon(step, placeIn(facts))),
    cancel: thinking(settings, (step, { event }) => {
      if (event.type !== 'work.cancel') return;
      const { id, reason } = event;
      const guards = settings.rule.kind === 'cancellation';
      for (const place of placesOf(step, id)) {
        if (guards) passage.turnAway(step, place, { kind: 'cancelled', reason: `it was cancelled: ${reason}` });
        else passage.stop(step, place, { how: 'cancelled', reason });
      }
      if (guards && id === undefined) step.facts = { ...step.facts, cancelled: reason };
    }),
    pause: thinking(settings, (step, { event }) => {
      if (event.type === 'work.pause') passage.pause(step, event.id, true);
    }),
    resume: thinking(settings, (step, { event }) => {
      if (event.type === 'work.resume') passage.pause(step, event.id, false);
    }),
    expire: thinking(settings, (step) => {
      const reason = 'the deadline of the run has passed';
      for (const place of placesOf(step, undefined)) passage.turnAway(step, place, { kind: 'expired', reason });
    }),
    endAll: thinking(settings, (step, { event }) => {
      const reason = event.type === 'guardrail.stop' ? event.reason : `the guardrail "${below ?? ''}" below it is gone`;
      passage.endAll(step, (stage) =>
        event.type === 'guardrail.stop'
          ? { how: 'cancelled', reason }
          : { how: 'refused', failure: refusal(name, stage, { kind: 'denied', reason }) },
      );
    }),
    /** Only a door that can open by itself counts. */
    countFailure: assign<GuardrailContext, GuardrailEvent, undefined, GuardrailEvent, never>(({ context }) => ({
      failures: typeof trip === 'object' ? context.failures + 1 : 0,
    })),
    noteOpen: assign<GuardrailContext, GuardrailEvent, undefined, GuardrailEvent, never>(({ context, event }) => ({
      round: context.round + 1,
      failures: 0,
      until: atOf(event) + (typeof trip === 'object' ? trip.rest : 0),
      why: event.type === 'guardrail.failed' ? event.why : '',
    })),
    noteTripped: assign<GuardrailContext, GuardrailEvent, undefined, GuardrailEvent, never>(({ context, event }) => ({
      round: context.round + 1,
      failures: 0,
      dead: context.dead || event.type.endsWith(`.actor.${belowId}`),
      why:
        event.type === 'guardrail.trip'
          ? event.reason
          : event.type === 'guardrail.failed'
            ? event.why
            : `the guardrail "${below ?? ''}" below it is gone`,
    })),
  };
}

/** Without what only the machine says to itself. */
const workOf = ({ at: _, ...work }: Extract<GuardrailEvent, { type: 'work' }>): Work => work;

export const guardrail = base.extend({
  actions: {
    ...guardrailActionsOf(defaultGuardrailSettings),
    takeFirst: enqueueActions(({ context, enqueue }) => {
      if (context.first) enqueue.raise({ ...context.first, at: context.began });
    }),
    forgetFailures: assign({ failures: 0 }),
    reset: assign(({ context }) => ({ failures: 0, why: '', cancelled: undefined, round: context.round + 1 })),
  },
});
