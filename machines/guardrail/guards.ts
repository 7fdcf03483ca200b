/** The guards and delays that depend on the settings of a guardrail. They close over the settings, which are therefore in no snapshot. */
import { supervisedFor } from './forward.ts';
import { timeOf, type GuardrailActionArgs } from './events.ts';
import { rejectedBefore } from './rules.ts';
import type { GuardrailSettings } from './settings.ts';

type GuardPredicate = (args: GuardrailActionArgs) => boolean;

export function guardrailGuardsOf(settings: GuardrailSettings) {
  const { trip, below } = settings;
  return {
    isUnknown: ({ event }) =>
      event.type === 'work' && below === undefined && supervisedFor({ settings }, event) === undefined,
    isRejected: ({ context, event }) =>
      event.type === 'work' && rejectedBefore(settings, context, event, timeOf(event)) !== undefined,
    /** Its own rejection, if the settings want a person to look at that. */
    isGrave: ({ context, event }) =>
      event.type === 'guardrail.failed' && event.round === context.round && trip === 'person' && event.own,
    isTooMany: ({ context, event }) =>
      event.type === 'guardrail.failed' &&
      event.round === context.round &&
      typeof trip === 'object' &&
      context.failures + 1 >= trip.after,
  } satisfies Record<string, GuardPredicate>;
}

export const guardrailDelaysOf = ({ trip }: GuardrailSettings) => ({
  rest: typeof trip === 'object' ? trip.rest : 0,
});
