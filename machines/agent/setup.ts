/** The setup that an agent's phases and regions are written with: the base, and every action by its name. */
import { assign, raise } from 'xstate';
import type { Phase } from '../../src/contracts/agent.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { childFailure, childOutput } from '../childEvents.ts';
import { asJson } from '../../src/values/json.ts';
import { parent } from '../parent.ts';
import { grantedBudget, fundingRefusal } from '../treasury/ticket.ts';
import { agentActionsOf } from './actions.ts';
import { agentSetupBase, appendArtifacts, appendToTrajectory, appendToTranscript } from './setupBase.ts';
import type { AgentContext } from './context.ts';
import * as updates from './updates.ts';
import { parsedAnswerIn } from './events.ts';
import * as failures from './failures.ts';
import { inputActions } from './inputActions.ts';
import * as inputs from './inputs.ts';
import { defaultAgentSettings } from './settings.ts';
import { unknownPriceFailure } from './budget.ts';
import {
  withCheaperModel,
  noteCalls,
  noteReservation,
  leaseRequestFor,
  reserveMode,
  takeGrant,
  takeLease,
  takeRefusal,
  fundingFailure,
} from './funding.ts';
import type { RecoveryStrategy } from './recovery.ts';
import type * as effects from './effectTypes.ts';
import { turnActions } from './turnActions.ts';
import {
  analysisPrompt,
  unmetObjectivesPrompt,
  userMessage,
  planPrompt,
  taskPrompt,
  alternativePrompt,
} from './prompts.ts';

const { enqueueActions } = agentSetupBase;

/** The complete setup of an agent's machine: what `agentSetupBase` has, and every action. */
export const agentSetup = agentSetupBase.extend({
  /** Every action by the name that the chart uses; those that depend on settings have the defaults, until `agentWith` replaces them. */
  actions: {
    ...agentActionsOf(defaultAgentSettings),
    ...turnActions,
    ...inputActions,

    // The transcript.
    appendTask: enqueueActions(({ context, enqueue }) => {
      const { task } = context;
      for (const append of appendArtifacts(task?.artifacts)) enqueue(append);
      if (task) enqueue(appendToTranscript(userMessage(taskPrompt(task), task.artifacts, task.parts)));
      enqueue.assign({ task: undefined });
    }),
    appendAnalysis: enqueueActions(({ event, enqueue }) =>
      enqueue(appendToTranscript(userMessage(analysisPrompt(childOutput<effects.AnalysisOutput>(event))))),
    ),
    appendPlan: enqueueActions(({ event, enqueue }) => {
      const { steps } = childOutput<effects.PlanOutput>(event);
      enqueue(appendToTranscript(userMessage(planPrompt(steps))));
      enqueue({ type: 'append', params: { list: 'plan', entry: asJson(steps) } });
    }),
    appendGaps: enqueueActions(({ event, enqueue }) =>
      enqueue(
        appendToTranscript(userMessage(unmetObjectivesPrompt(childOutput<effects.VerificationOutput>(event).evidence))),
      ),
    ),
    countRequery: assign(({ context }) => ({ requeries: context.requeries + 1 })),
    pay: assign(updates.chargeBill),
    chargeStopped: assign(({ context }) => inputs.chargeStopped(context)),

    // What went wrong.
    keepFailure: assign(({ event }, { phase }: { phase: Phase }) => updates.keepFailure(childFailure(event), phase)),
    noteTimeout: assign((_, { phase }: { phase: Phase }) =>
      updates.keepFailure(failures.phaseTimeoutFailure(phase), phase),
    ),
    noteRefusal: assign(({ event }) => updates.keepFailure(failures.modelRefusal(parsedAnswerIn(event)), 'execution')),
    notePriceless: assign(({ event }) =>
      updates.keepFailure(unknownPriceFailure(parsedAnswerIn(event).model), 'execution'),
    ),
    noteUnusable: assign(({ event, context }) =>
      updates.keepFailure(failures.unusableAnswers(parsedAnswerIn(event), context.requeries + 1), 'execution'),
    ),
    noteBadPlan: assign(() => updates.keepFailure(failures.badPlanFailure, 'planning')),
    noteGap: assign(({ context: { tools } }, { phase }: { phase: Phase }) =>
      updates.keepFailure(failures.capabilityGap(tools.missing), phase),
    ),
    noteToolFailures: assign(({ context }) =>
      updates.keepFailure(failures.failingToolsFailure(context.toolFailures), 'execution'),
    ),
    noteLoop: assign(() => updates.keepFailure(failures.loopFailure, 'execution')),
    noteUnproven: assign(({ context: { evidence, rounds } }) =>
      updates.keepFailure(failures.unmetObjectives(evidence, rounds), 'verification'),
    ),

    // The budget is short.
    degrade: assign(({ context }) => withCheaperModel(context)),
    askForMore: enqueueActions(({ context, enqueue }) => {
      const request = leaseRequestFor(context);
      if (request) enqueue.sendTo(parent, request);
    }),
    takeLease: assign(({ context, event }) => takeLease(context, event)),
    takeGrant: assign(({ context, event }) => takeGrant(context, grantedBudget(childOutput<WaitOutput>(event)) ?? {})),
    noteCalls: assign(({ context }) => noteCalls(context)),
    noteReservation: assign(({ context, event }) => noteReservation(context, parsedAnswerIn(event))),
    noteNoMore: assign(({ event }) =>
      event.type === 'treasury.refused'
        ? { ...updates.keepFailure(event.failure, 'execution'), ...takeRefusal(event) }
        : {},
    ),
    noteNoGrant: assign(({ context, event }) =>
      updates.keepFailure(fundingRefusal(childOutput<WaitOutput>(event), fundingFailure(context)), 'execution'),
    ),

    // Recovery.
    noteSetback: assign(updates.noteSetback),
    countRecovery: assign(({ context }, { strategy }: { strategy: RecoveryStrategy }) =>
      updates.countRecovery(context, strategy),
    ),
    forgetFailure: assign(updates.clearedFailure),
    suggestAnother: enqueueActions(({ context, enqueue }) => {
      enqueue(appendToTranscript(userMessage(alternativePrompt(context.failure?.message ?? ''))));
      enqueue.assign(updates.clearedFailure);
    }),

    // Tools.
    keepTools: assign(updates.keepTools),
    raiseTier: assign(updates.raiseTier),
    lowerTier: assign(updates.lowerTier),
    keepTier: assign(updates.keepTier),
    rememberTools: assign(updates.rememberTools),
    keepBelt: assign(updates.storeToolbelt),
    wearBelt: assign(updates.activateToolbelt),
    keepEvidence: assign(updates.keepEvidence),

    // The end.
    settleCompleted: assign(({ context }) => ({ outcome: context.outcome ?? { status: 'completed' as const } })),
    settleFailed: assign(updates.settleFailed),
    settleCancelled: assign(({ context, event }) => ({
      outcome: context.outcome ?? {
        status: 'cancelled' as const,
        reason: event.type === 'agent.cancel' ? event.reason : '',
      },
    })),
    noteCleanupError: enqueueActions(({ event, enqueue }) =>
      enqueue(appendToTrajectory({ cleanup: asJson(childFailure(event)) })),
    ),

    // Between regions.
    sayHeld: raise({ type: 'agent.held' }),
    sayLate: raise({ type: 'budget.exhausted' }),
    sayExpired: raise({ type: 'budget.exhausted', expired: true }),
    saySettled: raise({ type: 'agent.settled' }),
  },
});

/** The input of an effect that asks the model. */
export const modelCallInput = ({ context }: { context: AgentContext }): effects.ModelCallInput => ({
  ...reserveOf(context),
  message: context.message,
  step: context.used.steps + 1,
  tier: context.tools.tier,
  fallbacks: context.tries.fallback,
  used: context.used,
  expected: context.latest.tokens,
  ...(context.heard === undefined || context.heard.length === 0 ? {} : { heard: context.heard }),
  ...(context.allowance === undefined ? {} : { allowance: context.allowance }),
  ...(context.purse.extra === undefined ? {} : { extra: context.purse.extra }),
  ...(context.purse.cheaper === 0 ? {} : { cheaper: context.purse.cheaper }),
});

const reserveOf = (context: AgentContext): Pick<effects.ModelCallInput, 'reserve'> => {
  const reserve = reserveMode(context);
  return reserve === undefined ? {} : { reserve };
};
