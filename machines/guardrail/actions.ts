/** The actions that depend on the settings of a guardrail. */
import type { AnyActorRef } from 'xstate';
import type { Work } from '../../src/contracts/work.ts';
import { spawnByName } from '../spawnByName.ts';
import { childFailure, isChildError } from '../childEvents.ts';
import { memberOutputOf } from '../memberOutput.ts';
import { parent } from '../parent.ts';
import { endedService } from '../run/services.ts';
import { guardrailSetupBase, guardrailActions } from './setupBase.ts';
import * as forward from './forward.ts';
import { nextGuardrailId } from './context.ts';
import { guardrailDraft, slotsOf, type GuardrailStepAction, type GuardrailDraft } from './draft.ts';
import { timeOf, slotIn, checkResultIn, type GuardrailActionArgs, type GuardrailEvent } from './events.ts';
import * as pipeline from './pipeline.ts';
import { guardrailRefusal } from './refusal.ts';
import type { Rejection } from './rules.ts';
import type { GuardrailSettings } from './settings.ts';

const { assign, enqueueActions } = guardrailSetupBase;

/** An action that works a step out as a draft, and then takes over its context and performs its actions. */
const drafted = (settings: GuardrailSettings, work: (draft: GuardrailDraft, args: GuardrailActionArgs) => void) =>
  enqueueActions(({ context, event, enqueue }) => {
    const draft = guardrailDraft(settings, context, timeOf(event));
    work(draft, { context, event });
    enqueue.assign(draft.context);
    for (const action of draft.actions) perform(action);

    function perform(action: GuardrailStepAction): void {
      switch (action.do) {
        case 'check':
          return enqueue.spawnChild('checkWork', { id: action.id, input: action.input });
        case 'start':
          return spawnByName(enqueue, action.who, action.id, action.input);
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

const noAnswerInTime = (patience: number): Rejection => ({
  kind: 'denied',
  reason: `its check gave no answer within ${patience} ms, so nothing is let through`,
});
/** The breaker is open: work does not wait for it, but is rejected at once with the reason. */
const breakerActionsOf = (settings: GuardrailSettings) => {
  const refuse = (why: (draft: GuardrailDraft) => Rejection) =>
    drafted(settings, (draft, { event }) => {
      if (event.type === 'work') pipeline.rejectWork(draft, event, why(draft));
    });
  return {
    refuseOpen: refuse(({ context: { until, why }, at }) => ({
      kind: 'transient',
      reason: `too many failed in a row (${why}), and it rests`,
      retryAfter: Math.max(0, until - at),
    })),
    refuseTrying: refuse(() => ({
      kind: 'transient',
      reason: 'it lets one through to try, and that one is under way',
    })),
    refuseTripped: refuse(({ context: { why } }) => ({
      kind: 'denied',
      reason: `it has tripped (${why}), until a person resets it`,
    })),
  };
};

export function guardrailActionsOf(settings: GuardrailSettings) {
  const { name, below, patience, trip } = settings;
  return guardrailActions({
    startBelow: enqueueActions(({ enqueue }) => {
      if (below !== undefined) spawnByName(enqueue, below, nextGuardrailId, { standing: true });
    }),
    restartBelow: enqueueActions(({ context, enqueue }) => {
      if (below === undefined || !context.dead) return;
      spawnByName(enqueue, below, nextGuardrailId, { standing: true });
      enqueue.assign({ dead: false });
    }),
    admit: drafted(settings, (draft, { event }) => {
      if (event.type === 'work') pipeline.admitWork(draft, workOf(event));
    }),
    reject: drafted(settings, (draft, { event }) => {
      if (event.type === 'work') pipeline.rejectByRule(draft, event);
    }),
    refuseUnknown: drafted(settings, (draft, { event }) => {
      if (event.type !== 'work') return;
      const there = Object.keys(settings.supervised).join(', ');
      const reason = `there is nobody called "${event.to ?? ''}" behind it; there is ${there}`;
      pipeline.rejectWork(draft, event, { kind: 'capability', reason });
    }),
    ...breakerActionsOf(settings),
    proceed: drafted(settings, (draft, args) => pipeline.checkPassed(draft, slotIn(args))),
    watch: drafted(settings, (draft, args) => pipeline.askCheck(draft, slotIn(args), 'mid')),
    turnAway: drafted(settings, (draft, args) => {
      const verdict = checkResultIn(args.event);
      if (verdict.ok) return;
      const { kind, reason, retryAfter } = verdict;
      pipeline.checkRejected(draft, slotIn(args), {
        kind,
        reason,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      });
    }),
    turnAwayBroken: drafted(settings, (draft, args) => {
      const { message } = childFailure(args.event);
      const reason = `its check broke, so nothing is let through: ${message}`;
      pipeline.checkRejected(draft, slotIn(args), { kind: 'denied', reason });
    }),
    turnAwaySilent: drafted(settings, (draft, args) =>
      pipeline.checkSilent(draft, slotIn(args), noAnswerInTime(patience)),
    ),
    takeEnd: drafted(settings, (draft, args) => {
      const { event } = args;
      const end = event.type === 'work.done' ? event.output : memberOutputOf(event);
      pipeline.takeWorkEnd(draft, slotIn(args), end);
    }),
    takeFall: drafted(settings, (draft, { event }) => {
      const why = isChildError(event) ? childFailure(event).message : 'it ended';
      pipeline.takeServiceEnd(draft, endedService(event.type) ?? '', why);
    }),
    askAbove: drafted(settings, (draft, { event }) => {
      if (event.type === 'treasury.lease') forward.forwardLeaseRequest(draft, event);
    }),
    takeMoney: drafted(settings, (draft, { event }) => {
      if (event.type === 'treasury.granted' || event.type === 'treasury.refused')
        forward.forwardLeaseAnswer(draft, event);
    }),
    stopLate: drafted(settings, (draft, args) => {
      const reason = 'it took longer than it may, and was stopped';
      pipeline.checkRejected(draft, slotIn(args), { kind: 'timeout', reason });
    }),
    abandon: drafted(settings, (draft, args) => pipeline.abandonWork(draft, slotIn(args))),
    cancel: drafted(settings, (draft, { event }) => {
      if (event.type !== 'work.cancel') return;
      const { id, reason } = event;
      const guards = settings.rule.kind === 'cancellation';
      for (const slotIndex of slotsOf(draft, id)) {
        if (guards)
          pipeline.checkRejected(draft, slotIndex, { kind: 'cancelled', reason: `it was cancelled: ${reason}` });
        else pipeline.stopWork(draft, slotIndex, { how: 'cancelled', reason });
      }
      if (guards && id === undefined) draft.context = { ...draft.context, cancelled: reason };
    }),
    pause: drafted(settings, (draft, { event }) => {
      if (event.type === 'work.pause') pipeline.pauseWork(draft, event.id, true);
    }),
    resume: drafted(settings, (draft, { event }) => {
      if (event.type === 'work.resume') pipeline.pauseWork(draft, event.id, false);
    }),
    expire: drafted(settings, (draft) => {
      const reason = 'the deadline of the run has passed';
      for (const slotIndex of slotsOf(draft, undefined))
        pipeline.checkRejected(draft, slotIndex, { kind: 'expired', reason });
    }),
    endAll: drafted(settings, (draft, { event }) => {
      const reason = event.type === 'guardrail.stop' ? event.reason : `the guardrail "${below ?? ''}" below it is gone`;
      pipeline.rejectAll(draft, (stage) =>
        event.type === 'guardrail.stop'
          ? { how: 'cancelled', reason }
          : { how: 'refused', failure: guardrailRefusal(name, stage, { kind: 'denied', reason }) },
      );
    }),
    /** Failures are counted only if they can open the breaker. */
    countFailure: assign(({ context }) => ({
      failures: typeof trip === 'object' ? context.failures + 1 : 0,
    })),
    noteOpen: assign(({ context, event }) => ({
      round: context.round + 1,
      failures: 0,
      until: timeOf(event) + (typeof trip === 'object' ? trip.rest : 0),
      why: event.type === 'guardrail.failed' ? event.why : '',
    })),
    noteTripped: assign(({ context, event }) => ({
      round: context.round + 1,
      failures: 0,
      dead: context.dead || event.type.endsWith(`.actor.${nextGuardrailId}`),
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
