/** The setup that an agent's phases and regions are written with: the base, and every action by its name. */
import { assign, raise } from 'xstate';
import type { Phase } from '../../src/contracts/agent.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { failureIn, outputIn } from '../childEvents.ts';
import { asJson } from '../json.ts';
import { parent } from '../parent.ts';
import { grantIn, refusalOf } from '../treasury/ticket.ts';
import { actionsOf } from './actions.ts';
import { base, toTrajectory, toTranscript } from './setupBase.ts';
import type { AgentContext } from './context.ts';
import * as deeds from './updates.ts';
import { readingIn } from './events.ts';
import * as failures from './failures.ts';
import { inputActions } from './inputActions.ts';
import * as inputs from './inputs.ts';
import { defaultSettings } from './settings.ts';
import { priceless } from './budget.ts';
import { degraded, noteCalls, requestFor, takeGrant, takeLease, whyShort } from './funding.ts';
import type { Strategy } from './recovery.ts';
import type * as turn from './effectTypes.ts';
import { turnActions } from './turnActions.ts';
import { analysisText, gapsOf, note, planText, taskText, tryAnother } from './prompts.ts';

const { enqueueActions } = base;

export const agent = base.extend({
  actions: {
    ...actionsOf(defaultSettings),
    ...turnActions,
    ...inputActions,

    // The transcript.
    appendTask: enqueueActions(({ context, enqueue }) => {
      if (context.task) enqueue(toTranscript(note(taskText(context.task))));
      enqueue.assign({ task: undefined });
    }),
    appendAnalysis: enqueueActions(({ event, enqueue }) =>
      enqueue(toTranscript(note(analysisText(outputIn<turn.Analysis>(event))))),
    ),
    appendPlan: enqueueActions(({ event, enqueue }) => {
      const { steps } = outputIn<turn.Planned>(event);
      enqueue(toTranscript(note(planText(steps))));
      enqueue({ type: 'append', params: { list: 'plan', entry: asJson(steps) } });
    }),
    appendGaps: enqueueActions(({ event, enqueue }) =>
      enqueue(toTranscript(note(gapsOf(outputIn<turn.Verified>(event).evidence)))),
    ),
    countRequery: assign(({ context }) => ({ requeries: context.requeries + 1 })),
    pay: assign(deeds.pay),
    chargeStopped: assign(({ context }) => inputs.chargeStopped(context)),

    // What went wrong.
    keepFailure: assign(({ event }, { phase }: { phase: Phase }) => deeds.keepFailure(failureIn(event), phase)),
    noteTimeout: assign((_, { phase }: { phase: Phase }) => deeds.keepFailure(failures.tookTooLong(phase), phase)),
    noteRefusal: assign(({ event }) => deeds.keepFailure(failures.refusal(readingIn(event)), 'execution')),
    notePriceless: assign(({ event }) => deeds.keepFailure(priceless(readingIn(event).model), 'execution')),
    noteUnusable: assign(({ event, context }) =>
      deeds.keepFailure(failures.unusable(readingIn(event), context.requeries + 1), 'execution'),
    ),
    noteBadPlan: assign(() => deeds.keepFailure(failures.badPlan, 'planning')),
    noteGap: assign(({ context: { tools } }, { phase }: { phase: Phase }) =>
      deeds.keepFailure(failures.gap(tools.missing), phase),
    ),
    noteToolFailures: assign(({ context }) =>
      deeds.keepFailure(failures.failingTools(context.toolFailures), 'execution'),
    ),
    noteLoop: assign(() => deeds.keepFailure(failures.loop, 'execution')),
    noteUnproven: assign(({ context: { evidence, rounds } }) =>
      deeds.keepFailure(failures.unproven(evidence, rounds), 'verification'),
    ),

    // The budget is short.
    degrade: assign(({ context }) => degraded(context)),
    askForMore: enqueueActions(({ context, enqueue }) => {
      const request = requestFor(context);
      if (request) enqueue.sendTo(parent, request);
    }),
    takeLease: assign(({ context, event }) => takeLease(context, event)),
    takeGrant: assign(({ context, event }) => takeGrant(context, grantIn(outputIn<WaitOutput>(event)) ?? {})),
    noteCalls: assign(({ context }) => noteCalls(context)),
    noteNoMore: assign(({ event }) =>
      event.type === 'treasury.refused' ? deeds.keepFailure(event.failure, 'execution') : {},
    ),
    noteNoGrant: assign(({ context, event }) =>
      deeds.keepFailure(refusalOf(outputIn<WaitOutput>(event), whyShort(context)), 'execution'),
    ),

    // Recovery.
    noteSetback: assign(deeds.noteSetback),
    countRecovery: assign(({ context }, { strategy }: { strategy: Strategy }) =>
      deeds.countRecovery(context, strategy),
    ),
    forgetFailure: assign(deeds.recovered),
    suggestAnother: enqueueActions(({ context, enqueue }) => {
      enqueue(toTranscript(note(tryAnother(context.failure?.message ?? ''))));
      enqueue.assign(deeds.recovered);
    }),

    // Tools.
    keepTools: assign(deeds.keepTools),
    raiseTier: assign(deeds.raiseTier),
    lowerTier: assign(deeds.lowerTier),
    keepTier: assign(deeds.keepTier),
    rememberTools: assign(deeds.rememberTools),
    keepBelt: assign(deeds.keepBelt),
    wearBelt: assign(deeds.wearBelt),
    keepEvidence: assign(deeds.keepEvidence),

    // The end.
    settleCompleted: assign(({ context }) => ({ outcome: context.outcome ?? { status: 'completed' as const } })),
    settleFailed: assign(deeds.settleFailed),
    settleCancelled: assign(({ context, event }) => ({
      outcome: context.outcome ?? {
        status: 'cancelled' as const,
        reason: event.type === 'agent.cancel' ? event.reason : '',
      },
    })),
    noteCleanupError: enqueueActions(({ event, enqueue }) =>
      enqueue(toTrajectory({ cleanup: asJson(failureIn(event)) })),
    ),

    // Between regions.
    sayHeld: raise({ type: 'agent.held' }),
    sayLate: raise({ type: 'budget.exhausted' }),
    sayExpired: raise({ type: 'budget.exhausted', expired: true }),
    saySettled: raise({ type: 'agent.settled' }),
  },
});

/** The input of an effect that asks the model. */
export const thinking = ({ context }: { context: AgentContext }): turn.Thinking => ({
  message: context.message,
  step: context.used.steps + 1,
  tier: context.tools.tier,
  fallbacks: context.tries.fallback,
  used: context.used,
  expected: context.latest.tokens,
  ...(context.allowance === undefined ? {} : { allowance: context.allowance }),
  ...(context.purse.extra === undefined ? {} : { extra: context.purse.extra }),
  ...(context.purse.cheaper === 0 ? {} : { cheaper: context.purse.cheaper }),
});
