/** The updates that an agent's actions make, as pure functions from context and event to changes of the context. */
import type { Phase } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { ToolTier, Usage } from '../../src/contracts/model.ts';
import { childFailure, isChildError, childOutput } from '../childEvents.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { addUsage } from '../usage.ts';
import { slotIndexOf } from '../slotIndex.ts';
import { isExecutable, pendingCalls, rememberedHashes, withAnswer, withoutStopping } from './calls.ts';
import { mediaWith } from './artifacts.ts';
import type { AgentContext, ToolTierState } from './context.ts';
import type { AgentActionArgs } from './inputs.ts';
import { toolOutcomeIn, parsedAnswerIn } from './events.ts';
import { chargedAttempts, chargedUsage, tokensOfAttempt, totalTokens } from '../usage.ts';
import { isObservation, type RecoveryStrategy } from './recovery.ts';
import type { ToolbeltListing, ModelBill, DiscoveryOutput, ParsedAnswer, VerificationOutput } from './effectTypes.ts';

type Change = Partial<AgentContext>;
const lowerTierOf: Record<ToolTier, ToolTier> = { core: 'core', toolchain: 'core', toolbelt: 'toolchain' };

const charged = (context: AgentContext, usage: Usage, answers = 1): Pick<AgentContext, 'used' | 'latest'> => ({
  used: chargedUsage(context.used, usage, answers),
  // Attempts that were refused unread cost nothing: the next call is expected to cost what the one before them did.
  latest:
    totalTokens(usage) === 0 && answers > 0
      ? context.latest
      : { tokens: tokensOfAttempt({ usage, answers }), usd: (usage.usd ?? 0) / Math.max(1, answers) },
});

/** The model answered: charge it, keep its text, open its calls. */
export function recordAnswer({ context, event }: AgentActionArgs): Change {
  const parsed = parsedAnswerIn(event);
  const { used, latest } = charged(afterFailures(context, parsed), parsed.usage);
  const made = parsed.calls.filter(isExecutable);
  const usesTier = context.tools.tier !== 'core' && made.some(({ tier }) => tier === context.tools.tier);
  return {
    used,
    latest,
    calls: pendingCalls(parsed.calls),
    recent: rememberedHashes(context.recent, parsed.calls),
    ...(parsed.wants !== undefined || usesTier
      ? toolsChange(context, {
          wanted: parsed.wants ?? context.tools.wanted,
          usedAt: usesTier ? used.steps : context.tools.usedAt,
        })
      : {}),
    ...mediaWith(context.media, event, parsed),
    ...(parsed.text === '' ? {} : { answer: { type: 'text', body: parsed.text } }),
    // A refusal does not reset the counters: it is an answer that failed.
    ...(parsed.means.kind === 'unusable' || parsed.means.kind === 'refusal'
      ? {}
      : { requeries: 0, tries: { ...context.tries, retry: 0 } }),
  };
}

/** The context before the answer itself, with the attempts at it that failed. */
const afterFailures = (context: AgentContext, { failed }: ParsedAnswer): AgentContext => ({
  ...context,
  used: chargedAttempts(context.used, failed),
});

/** Calls count when they are made, not when the model asks for them. */
export const countCalls = ({ context, event }: AgentActionArgs): Change => ({
  used: {
    ...context.used,
    toolCalls: context.used.toolCalls + parsedAnswerIn(event).calls.filter(isExecutable).length,
  },
});

/** A phase before the turns asked the model: its answers are charged, also those that could not be used. */
export function chargeBill({ context, event }: AgentActionArgs): Change {
  // An effect that asks the model puts its bill into the data of its failure.
  const bill = isChildError(event)
    ? (childFailure(event).data as Partial<ModelBill> | undefined)
    : childOutput<ModelBill>(event);
  return bill?.usage ? charged(context, bill.usage, bill.answers) : {};
}

export function recordOutcome({ context, event }: AgentActionArgs): Change {
  const outcome = toolOutcomeIn(event);
  return {
    calls: withAnswer(context.calls, slotIndexOf(event.type)),
    ...(outcome.usage === undefined ? {} : { used: addUsage(context.used, outcome.usage) }),
    ...(outcome.ok ? mediaWith(context.media, event, outcome) : {}),
    toolFailures: outcome.ok ? 0 : context.toolFailures + 1,
    // Of the failures that the model cannot correct, the first one is handled.
    ...(outcome.ok || isObservation(outcome.failure.kind) || context.failure
      ? {}
      : { failure: outcome.failure, phase: 'execution' as const }),
  };
}

/** A delegate that was told to stop has ended: what it used is charged to the agent. */
export function chargeStoppedDelegate({ context, event }: AgentActionArgs): Change {
  const { usage } = toolOutcomeIn(event);
  return {
    calls: withoutStopping(context.calls, slotIndexOf(event.type)),
    ...(usage === undefined ? {} : { used: addUsage(context.used, usage) }),
  };
}

export const keepFailure = (reason: Failure, phase: Phase): Change => ({ failure: reason, phase });

/** The random number is drawn once and kept, so that the pause is the same after a restart. */
export function noteSetback({ event }: AgentActionArgs): Change {
  const { at, chance, deadline } = eventContextOf(event);
  return { setback: { at, chance: chance(), ...(deadline === undefined ? {} : { deadline }) } };
}

/** A strategy was chosen. Another approach, or another resource, resets the retries; the sum of all recoveries is never reset. */
export const countRecovery = ({ tries }: AgentContext, strategy: RecoveryStrategy): Change => ({
  tries: {
    ...tries,
    ...(strategy === 'retry' ? {} : { retry: 0 }),
    [strategy]: tries[strategy] + 1,
    recoveries: tries.recoveries + 1,
  },
});

/** The causes of the failure are reset, so that they are not detected again at once. */
export const clearedFailure: Change = {
  failure: undefined,
  phase: undefined,
  recent: [],
  toolFailures: 0,
  requeries: 0,
};

export const settleFailed = ({ context }: AgentActionArgs): Change => ({
  outcome: context.outcome ?? { status: 'failed' },
});

const toolsChange = (context: AgentContext, change: Partial<ToolTierState>): Change => ({
  tools: { ...context.tools, ...change },
});

export const keepTools = ({ context, event }: AgentActionArgs): Change => {
  const { epoch, missing } = childOutput<DiscoveryOutput>(event);
  return toolsChange(context, { epoch, missing });
};

export const raiseTier = ({ context }: AgentActionArgs): Change =>
  toolsChange(context, {
    tier: 'toolchain',
    wanted: undefined,
    evaluatedAt: context.used.steps,
    usedAt: context.used.steps,
  });
export const lowerTier = ({ context }: AgentActionArgs): Change =>
  toolsChange(context, {
    tier: lowerTierOf[context.tools.tier],
    evaluatedAt: context.used.steps,
    usedAt: context.used.steps,
  });
export const keepTier = ({ context }: AgentActionArgs): Change =>
  toolsChange(context, { wanted: undefined, evaluatedAt: context.used.steps });

/** The tools before a toolbelt is activated, for the case that it fails. */
export const rememberTools = ({ context }: AgentActionArgs): Change => {
  const { tier, epoch } = context.tools;
  return toolsChange(context, {
    before: { tier, epoch },
    belt: undefined,
    wanted: undefined,
    evaluatedAt: context.used.steps,
  });
};
export const storeToolbelt = ({ context, event }: AgentActionArgs): Change =>
  toolsChange(context, { belt: childOutput<ToolbeltListing>(event) });
export const activateToolbelt = ({ context }: AgentActionArgs): Change =>
  toolsChange(context, {
    tier: 'toolbelt',
    epoch: context.tools.belt?.epoch ?? context.tools.epoch,
    missing: context.tools.belt?.missing ?? [],
    before: undefined,
    belt: undefined,
    usedAt: context.used.steps,
  });
export const restoreTools = ({ context }: AgentActionArgs, pause: number): Change =>
  toolsChange(context, {
    ...context.tools.before,
    before: undefined,
    belt: undefined,
    blockedUntil: context.used.steps + pause,
  });

export const keepEvidence = ({ context, event }: AgentActionArgs): Change => ({
  evidence: childOutput<VerificationOutput>(event).evidence,
  rounds: context.rounds + 1,
});
