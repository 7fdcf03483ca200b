/** The guards and delays of an agent. They close over its settings, which are therefore in no snapshot. */
import type { Evidence } from '../../src/contracts/agent.ts';
import type { ToolTier } from '../../src/contracts/model.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { childOutput } from '../childEvents.ts';
import { failureOf } from '../failure.ts';
import { slotIndexOf } from '../slotIndex.ts';
import { grantedBudget } from '../treasury/ticket.ts';
import { isLooping, isExecutable, stoppingDelegates } from './calls.ts';
import type { AgentContext } from './context.ts';
import { parsedAnswerIn, type AgentEvent } from './events.ts';
import { inputGuards, externalInput } from './inputs.ts';
import type { AgentSettings } from './settings.ts';
import { exhaustedFailure, isAtSoftLimit, hasNoCallsLeft, lowerBudget } from './budget.ts';
import {
  isForLease,
  isToBeMeasured,
  mayAskLender,
  mayAskPerson,
  mayHaveMore,
  mustMeasure,
  noteCalls,
  ownLimits,
  shouldDegrade,
} from './funding.ts';
import { retryPause, recoveryFor, type RecoveryStrategy } from './recovery.ts';
import type { ParsedAnswer, PlanOutput, VerificationOutput } from './effectTypes.ts';
import { isAcyclicPlan } from './prompts.ts';

type GuardPredicate = (args: { context: AgentContext; event: AgentEvent }) => boolean;

/** Of the answer, of a failed attempt at it, or of anything before it. */
const isPriceUnknown = ({ used }: AgentContext, { usage, failed }: ParsedAnswer): boolean =>
  [used, usage, failed?.usage].some((each) => each?.usd === null);

export function agentGuardsOf(settings: AgentSettings) {
  const { limits, budget } = settings;
  const recover =
    (strategy: RecoveryStrategy): GuardPredicate =>
    ({ context }) =>
      recoveryFor({ ...context, failure: context.failure ?? failureOf(undefined) }, limits) === strategy;
  const means =
    (kind: string): GuardPredicate =>
    ({ event }) =>
      parsedAnswerIn(event).means.kind === kind;
  const after = ({ context }: { context: AgentContext }, steps: number, since: number) =>
    context.used.steps - since >= steps;
  const isLastRequery: GuardPredicate = ({ context }) => context.requeries >= limits.maxRequeries;
  const mayActivate: GuardPredicate = ({ context }) =>
    settings.toolbelt && context.tools.tier !== 'toolbelt' && context.used.steps >= context.tools.blockedUntil;
  const wants = (context: AgentContext, tier: ToolTier) => context.tools.wanted === tier;
  const evidence = (event: AgentEvent): readonly Evidence[] => childOutput<VerificationOutput>(event).evidence;

  return {
    // Phases that have something to do.
    asksForAnalysis: () => settings.analysis,
    asksForDiscovery: () => settings.discovery,
    asksForPlan: () => settings.planning,
    asksForProof: () => settings.verification,
    asksForCleanup: () => settings.cleanup,

    // The safe point.
    hasFailure: ({ context }) => context.failure !== undefined,
    ...inputGuards,
    /** An allowance that is short is asked for before the first turn; it exhausts nothing as long as there is a lender. */
    isExhausted: ({ context }) =>
      exhaustedFailure(context, ownLimits(budget, context.purse)) !== undefined && !mayAskLender(context, settings),
    /** What was lent for a first call alone, to learn its cost, will become more: only the agent's own budget counts then. */
    isLow: ({ context }) =>
      isAtSoftLimit(
        context.purse.lease !== undefined && context.allowance?.steps === 1
          ? { ...context, allowance: undefined }
          : context,
        budget,
        limits.softShare,
      ),

    // The budget is short.
    shouldDegrade: ({ context }) => shouldDegrade(context, settings),
    mustMeasure: ({ context }) => mustMeasure(context, settings),
    mayAskForMore: ({ context }) => mayAskLender(context, settings) && !isToBeMeasured(context),
    mustLeaseForAnalysis: ({ context }) => settings.analysis && mayAskLender(context, settings),
    mustLeaseForPlan: ({ context }) => settings.planning && mayAskLender(context, settings),
    mayAskPerson: ({ context }) => mayAskPerson(context, settings),
    isOfLease: ({ context, event }) => isForLease(context, event),
    isGranted: ({ event }) => grantedBudget(childOutput<WaitOutput>(event)) !== undefined,
    /** The model called tools when no calls were left, and its lender or a person may grant more. */
    wantsCalls: ({ context, event }) =>
      hasNoCallsLeft(context, ownLimits(budget, context.purse)) &&
      parsedAnswerIn(event).calls.some(isExecutable) &&
      mayHaveMore({ ...context, ...noteCalls(context) }, settings),
    failsTooOften: ({ context }) => context.toolFailures >= limits.maxToolFailures,
    isLooping: ({ context }) => isLooping(context, limits.maxRepeats),
    // In the lowest tier there is nothing to evaluate unless the model asks for more or a capability is missing.
    isEvaluationDue: (args) => {
      const { used, tools } = args.context;
      if (used.steps <= tools.evaluatedAt) return false;
      if (tools.wanted !== undefined || (tools.missing.length > 0 && mayActivate(args))) return true;
      return tools.tier !== 'core' && used.steps % limits.evalEvery === 0;
    },

    // What the model's answer means.
    isRefusal: means('refusal'),
    isShort: means('short'),
    isPriceless: ({ context, event }) =>
      isPriceUnknown(context, parsedAnswerIn(event)) &&
      lowerBudget(budget, context.allowance).usd !== undefined &&
      !limits.allowUnknownPrice,
    isAnswer: ({ context, event }) =>
      parsedAnswerIn(event).means.kind === 'answer' && externalInput(context).length === 0,
    isUnusable: means('unusable'),
    isUnusableAgain: ({ context, event }) =>
      parsedAnswerIn(event).means.kind === 'unusable' && isLastRequery({ context, event }),
    hasNoCallsLeft: ({ context, event }) =>
      hasNoCallsLeft(context, ownLimits(budget, context.purse)) && parsedAnswerIn(event).calls.some(isExecutable),
    hasCalls: ({ event }) => parsedAnswerIn(event).calls.some(isExecutable),

    // Acting.
    isLastCall: ({ context, event }) => {
      const last = slotIndexOf(event.type);
      return context.calls.every(({ answered }, index) => index === last || answered);
    },

    // Other phases.
    isGap: ({ event }) => childOutput<{ missing: readonly string[] }>(event).missing.length > 0 && !settings.toolbelt,
    isFollowable: ({ event }) => isAcyclicPlan(childOutput<PlanOutput>(event).steps),
    mayRequery: ({ context }) => context.requeries < limits.maxRequeries,
    isProven: ({ event }) => evidence(event).length > 0 && evidence(event).every(({ met }) => met),
    mayMend: ({ context }) => context.rounds < limits.maxVerifyRounds,

    // Tiers.
    needsToolbelt: (args) =>
      mayActivate(args) && (wants(args.context, 'toolbelt') || args.context.tools.missing.length > 0),
    needsToolchain: ({ context }) =>
      context.tools.tier === 'core' && (wants(context, 'toolchain') || wants(context, 'toolbelt')),
    isIdleTier: (args) =>
      args.context.tools.tier !== 'core' &&
      after(args, limits.demoteAfter, Math.max(args.context.tools.usedAt, args.context.tools.blockedUntil)),
    isBeltSound: ({ context }) =>
      context.tools.belt !== undefined && context.tools.belt.tools > 0 && context.tools.belt.conflicts.length === 0,

    lacksCapability: ({ context }) => (context.tools.belt?.missing.length ?? 0) > 0,

    // Recovery.
    shouldRetry: recover('retry'),
    shouldTryAnother: recover('alternative'),
    shouldFallBack: recover('fallback'),

    // The end.
    isAlone: ({ context }) => stoppingDelegates(context).length === 0,
    isCompleted: ({ context }) => context.outcome?.status === 'completed',
    isCancelled: ({ context }) => context.outcome?.status === 'cancelled',
  } satisfies Record<string, GuardPredicate>;
}

/** The delays of an agent, in milliseconds. */
export function agentDelaysOf({ limits }: AgentSettings) {
  return {
    deadline: limits.deadline,
    phaseTimeout: limits.phaseTimeout,
    // A quarter, because the caller that stops the agent waits for this and for its cleanup.
    dismissal: limits.cleanupGrace / 4,
    cleanupGrace: limits.cleanupGrace,
    backoff: ({ context }: { context: AgentContext }) =>
      retryPause({ ...context, failure: context.failure ?? failureOf(undefined) }, limits, 0),
  };
}
