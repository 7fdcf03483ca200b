/** The guards and delays that depend on the settings of a run. They close over the settings, which are therefore in no snapshot. */
import type { RunContext } from './context.ts';
import { routedMessagesIn, type RunEvent } from './events.ts';
import type { RunSettings } from './settings.ts';
import { memberEndOf } from '../member.ts';
import { answerOrFailure } from './updates.ts';
import { hasBudget } from './leases.ts';

type GuardPredicate = (facts: { context: RunContext; event: RunEvent }) => boolean;

export function runGuardsOf(settings: RunSettings) {
  const { limits } = settings;
  return {
    isTooMany: ({ context, event }) => context.turns + routedMessagesIn(event).length > limits.maxTurns,
    /** The member has answered, or failed in a way that the route wants to decide about. */
    isAnswer: ({ event }) => answerOrFailure(memberEndOf(event), settings) !== undefined,
    isBudgeted: ({ context, event }) => routedMessagesIn(event).length > 0 && hasBudget(context, settings),
  } satisfies Record<string, GuardPredicate>;
}

export const runDelaysOf = ({ limits }: RunSettings) => ({ deadline: limits.deadline, grace: limits.grace });
