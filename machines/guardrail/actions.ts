/** The actions that depend on the settings of a guardrail. */
import type { AnyActorRef } from 'xstate';
import type { Work } from '../../src/contracts/work.ts';
import { spawnNamed } from '../spawnByName.ts';
import { failureIn, isError } from '../childEvents.ts';
import { outputOf } from '../memberOutput.ts';
import { parent } from '../parent.ts';
import { fallen } from '../run/services.ts';
import { base, guardrailActions } from './setupBase.ts';
import * as behind from './forward.ts';
import { belowId } from './context.ts';
import { draft, placesOf, type Deed, type Draft } from './draft.ts';
import { atOf, placeIn, verdictIn, type Facts, type GuardrailEvent } from './events.ts';
import * as passage from './pipeline.ts';
import { refusal } from './refusal.ts';
import type { Rejection } from './rules.ts';
import type { GuardrailSettings } from './settings.ts';

const { assign, enqueueActions } = base;

/** An action that works a step out as a draft, and then takes over its facts and performs its actions. */
const drafted = (settings: GuardrailSettings, work: (draft: Draft, facts: Facts) => void) =>
  enqueueActions(({ context, event, enqueue }) => {
    const step = draft(settings, context, atOf(event));
    work(step, { context, event });
    enqueue.assign(step.facts);
    for (const action of step.deeds) perform(action);

    function perform(action: Deed): void {
      switch (action.do) {
        case 'check':
          return enqueue.spawnChild('checkWork', { id: action.id, input: action.input });
        case 'start':
          return spawnNamed(enqueue, action.who, action.id, action.input);
        case 'stop':
          return enqueue.stopChild(action.id);
        case 'tell':
          return enqueue.sendTo<AnyActorRef>(action.id, action.event);
        case 'answer':
          return enqueue.sendTo(parent, action.event);
        case 'raise':
          return enqueue.raise(action.event);
        case 'wait':
          return enqueue.raise(action.event, { id: action.id, delay: action.delay });
        case 'unwait':
          return enqueue.cancel(action.id);
      }
    }
  });

const silent = (patience: number): Rejection => ({
  kind: 'denied',
  reason: `its check gave no answer within ${patience} ms, so nothing is let through`,
});
/** The breaker is open: work does not wait for it, but is rejected at once with the reason. */
const doorActionsOf = (settings: GuardrailSettings) => {
  const refuse = (why: (draft: Draft) => Rejection) =>
    drafted(settings, (step, { event }) => {
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
  return guardrailActions({
    startBelow: enqueueActions(({ enqueue }) => {
      if (below !== undefined) spawnNamed(enqueue, below, belowId, { standing: true });
    }),
    restartBelow: enqueueActions(({ context, enqueue }) => {
      if (below === undefined || !context.dead) return;
      spawnNamed(enqueue, below, belowId, { standing: true });
      enqueue.assign({ dead: false });
    }),
    admit: drafted(settings, (step, { event }) => {
      if (event.type === 'work') passage.admit(step, workOf(event));
    }),
    reject: drafted(settings, (step, { event }) => {
      if (event.type === 'work') passage.rejectByRule(step, event);
    }),
    refuseUnknown: drafted(settings, (step, { event }) => {
      if (event.type !== 'work') return;
      const there = Object.keys(settings.supervised).join(', ');
      const reason = `there is nobody called "${event.to ?? ''}" behind it; there is ${there}`;
      passage.reject(step, event, { kind: 'capability', reason });
    }),
    ...doorActionsOf(settings),
    proceed: drafted(settings, (step, facts) => passage.proceed(step, placeIn(facts))),
    watch: drafted(settings, (step, facts) => passage.ask(step, placeIn(facts), 'mid')),
    turnAway: drafted(settings, (step, facts) => {
      const verdict = verdictIn(facts.event);
      if (verdict.ok) return;
      const { kind, reason, retryAfter } = verdict;
      passage.turnAway(step, placeIn(facts), { kind, reason, ...(retryAfter === undefined ? {} : { retryAfter }) });
    }),
    turnAwayBroken: drafted(settings, (step, facts) => {
      const { message } = failureIn(facts.event);
      const reason = `its check broke, so nothing is let through: ${message}`;
      passage.turnAway(step, placeIn(facts), { kind: 'denied', reason });
    }),
    turnAwaySilent: drafted(settings, (step, facts) => passage.turnAway(step, placeIn(facts), silent(patience))),
    takeEnd: drafted(settings, (step, facts) => {
      const { event } = facts;
      const end = event.type === 'work.done' ? event.output : outputOf(event);
      passage.takeEnd(step, placeIn(facts), end);
    }),
    takeFall: drafted(settings, (step, { event }) => {
      const why = isError(event) ? failureIn(event).message : 'it ended';
      passage.takeFall(step, fallen(event.type) ?? '', why);
    }),
    askAbove: drafted(settings, (step, { event }) => {
      if (event.type === 'treasury.lease') behind.askAbove(step, event);
    }),
    takeMoney: drafted(settings, (step, { event }) => {
      if (event.type === 'treasury.granted' || event.type === 'treasury.refused') behind.takeAnswer(step, event);
    }),
    stopLate: drafted(settings, (step, facts) => {
      const reason = 'it took longer than it may, and was stopped';
      passage.turnAway(step, placeIn(facts), { kind: 'timeout', reason });
    }),
    abandon: drafted(settings, (step, facts) => passage.abandon(step, placeIn(facts))),
    cancel: drafted(settings, (step, { event }) => {
      if (event.type !== 'work.cancel') return;
      const { id, reason } = event;
      const guards = settings.rule.kind === 'cancellation';
      for (const place of placesOf(step, id)) {
        if (guards) passage.turnAway(step, place, { kind: 'cancelled', reason: `it was cancelled: ${reason}` });
        else passage.stop(step, place, { how: 'cancelled', reason });
      }
      if (guards && id === undefined) step.facts = { ...step.facts, cancelled: reason };
    }),
    pause: drafted(settings, (step, { event }) => {
      if (event.type === 'work.pause') passage.pause(step, event.id, true);
    }),
    resume: drafted(settings, (step, { event }) => {
      if (event.type === 'work.resume') passage.pause(step, event.id, false);
    }),
    expire: drafted(settings, (step) => {
      const reason = 'the deadline of the run has passed';
      for (const place of placesOf(step, undefined)) passage.turnAway(step, place, { kind: 'expired', reason });
    }),
    endAll: drafted(settings, (step, { event }) => {
      const reason = event.type === 'guardrail.stop' ? event.reason : `the guardrail "${below ?? ''}" below it is gone`;
      passage.endAll(step, (stage) =>
        event.type === 'guardrail.stop'
          ? { how: 'cancelled', reason }
          : { how: 'refused', failure: refusal(name, stage, { kind: 'denied', reason }) },
      );
    }),
    /** Failures are counted only if they can open the breaker. */
    countFailure: assign(({ context }) => ({
      failures: typeof trip === 'object' ? context.failures + 1 : 0,
    })),
    noteOpen: assign(({ context, event }) => ({
      round: context.round + 1,
      failures: 0,
      until: atOf(event) + (typeof trip === 'object' ? trip.rest : 0),
      why: event.type === 'guardrail.failed' ? event.why : '',
    })),
    noteTripped: assign(({ context, event }) => ({
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
  });
}

/** The work, without the time that the machine itself added. */
const workOf = ({ at: _, ...work }: Extract<GuardrailEvent, { type: 'work' }>): Work => work;
