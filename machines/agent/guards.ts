/** The guards and delays of an agent. They close over its settings, which are therefore in no snapshot. */
import type { Evidence } from '../../src/contracts/agent.ts';
import type { ToolTier } from '../../src/contracts/model.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { outputIn } from '../childEvents.ts';
import { failureOf } from '../failure.ts';
import { placeOf } from '../slotIndex.ts';
import { grantIn } from '../treasury/ticket.ts';
import { isLooping, isMade, leaving } from './calls.ts';
import type { AgentContext } from './context.ts';
import { readingIn, type AgentEvent } from './events.ts';
import { inputGuards, said } from './inputs.ts';
import type { AgentSettings } from './settings.ts';
import { exhausted, low, noCallsLeft, tighter } from './budget.ts';
import { isOfLease, mayAskForMore, mayAskPerson, mayHaveMore, noteCalls, ownLimits, shouldDegrade } from './funding.ts';
import { pauseOf, strategyFor, type Strategy } from './recovery.ts';
import type { Planned, Verified } from './effectTypes.ts';
import { isDag } from './prompts.ts';

type Ask = (facts: { context: AgentContext; event: AgentEvent }) => boolean;

export function guardsOf(settings: AgentSettings) {
  const { limits, budget } = settings;
  const recover =
    (strategy: Strategy): Ask =>
    ({ context }) =>
      strategyFor({ ...context, failure: context.failure ?? failureOf(undefined) }, limits) === strategy;
  const means =
    (kind: string): Ask =>
    ({ event }) =>
      readingIn(event).means.kind === kind;
  const after = ({ context }: { context: AgentContext }, steps: number, since: number) =>
    context.used.steps - since >= steps;
  const isLastRequery: Ask = ({ context }) => context.requeries >= limits.maxRequeries;
  const mayActivate: Ask = ({ context }) =>
    settings.toolbelt && context.tools.tier !== 'toolbelt' && context.used.steps >= context.tools.blockedUntil;
  const wants = (context: AgentContext, tier: ToolTier) => context.tools.wanted === tier;
  const evidence = (event: AgentEvent): readonly Evidence[] => outputIn<Verified>(event).evidence;

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
    isExhausted: ({ context }) => exhausted(context, ownLimits(budget, context.purse)) !== undefined,
    isLow: ({ context }) => low(context, budget, limits.softShare),

    // The budget is short.
    shouldDegrade: ({ context }) => shouldDegrade(context, settings),
    mayAskForMore: ({ context }) => mayAskForMore(context, settings),
    mayAskPerson: ({ context }) => mayAskPerson(context, settings),
    isOfLease: ({ context, event }) => isOfLease(context, event),
    isGranted: ({ event }) => grantIn(outputIn<WaitOutput>(event)) !== undefined,
    /** The model called tools when no calls were left, and its lender or a person may grant more. */
    wantsCalls: ({ context, event }) =>
      noCallsLeft(context, ownLimits(budget, context.purse)) &&
      readingIn(event).calls.some(isMade) &&
      mayHaveMore({ ...context, ...noteCalls(context) }, settings),
    failsTooOften: ({ context }) => context.toolFailures >= limits.maxToolFailures,
    isLooping: ({ context }) => isLooping(context, limits.maxRepeats),
    // In the lowest tier there is nothing to evaluate unless the model asks for more or a capability is missing.
    isEvaluationDue: (facts) => {
      const { used, tools } = facts.context;
      if (used.steps <= tools.evaluatedAt) return false;
      if (tools.wanted !== undefined || (tools.missing.length > 0 && mayActivate(facts))) return true;
      return tools.tier !== 'core' && used.steps % limits.evalEvery === 0;
    },

    // What the model's answer means.
    isRefusal: means('refusal'),
    isPriceless: ({ context, event }) =>
      readingIn(event).usage.usd === null &&
      tighter(budget, context.allowance).usd !== undefined &&
      !limits.allowUnknownPrice,
    isAnswer: ({ context, event }) => readingIn(event).means.kind === 'answer' && said(context).length === 0,
    isUnusable: means('unusable'),
    isUnusableAgain: ({ context, event }) =>
      readingIn(event).means.kind === 'unusable' && isLastRequery({ context, event }),
    hasNoCallsLeft: ({ context, event }) =>
      noCallsLeft(context, ownLimits(budget, context.purse)) && readingIn(event).calls.some(isMade),
    hasCalls: ({ event }) => readingIn(event).calls.some(isMade),

    // Acting.
    isLastCall: ({ context, event }) => {
      const last = placeOf(event.type);
      return context.calls.every(({ answered }, index) => index === last || answered);
    },

    // Other phases.
    isGap: ({ event }) => outputIn<{ missing: readonly string[] }>(event).missing.length > 0 && !settings.toolbelt,
    isFollowable: ({ event }) => isDag(outputIn<Planned>(event).steps),
    mayRequery: ({ context }) => context.requeries < limits.maxRequeries,
    isProven: ({ event }) => evidence(event).length > 0 && evidence(event).every(({ met }) => met),
    mayMend: ({ context }) => context.rounds < limits.maxVerifyRounds,

    // Tiers.
    needsToolbelt: (facts) =>
      mayActivate(facts) && (wants(facts.context, 'toolbelt') || facts.context.tools.missing.length > 0),
    needsToolchain: ({ context }) =>
      context.tools.tier === 'core' && (wants(context, 'toolchain') || wants(context, 'toolbelt')),
    isIdleTier: (facts) =>
      facts.context.tools.tier !== 'core' &&
      after(facts, limits.demoteAfter, Math.max(facts.context.tools.usedAt, facts.context.tools.blockedUntil)),
    isBeltSound: ({ context }) =>
      context.tools.belt !== undefined && context.tools.belt.tools > 0 && context.tools.belt.conflicts.length === 0,

    lacksCapability: ({ context }) => (context.tools.belt?.missing.length ?? 0) > 0,

    // Recovery.
    shouldRetry: recover('retry'),
    shouldTryAnother: recover('alternative'),
    shouldFallBack: recover('fallback'),

    // The end.
    isAlone: ({ context }) => leaving(context).length === 0,
    isCompleted: ({ context }) => context.outcome?.status === 'completed',
    isCancelled: ({ context }) => context.outcome?.status === 'cancelled',
  } satisfies Record<string, Ask>;
}

/** The delays of an agent, in milliseconds. */
export function delaysOf({ limits }: AgentSettings) {
  return {
    deadline: limits.deadline,
    phaseTimeout: limits.phaseTimeout,
    // A quarter, because the caller that stops the agent waits for this and for its cleanup.
    dismissal: limits.cleanupGrace / 4,
    cleanupGrace: limits.cleanupGrace,
    backoff: ({ context }: { context: AgentContext }) =>
      pauseOf({ ...context, failure: context.failure ?? failureOf(undefined) }, limits, 0),
  };
}
