/** What every guardrail has: its name, its place in the order, its time limit and its breaker. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import {
  defaultGuardrailSettings,
  type GuardrailRule,
  type BreakerPolicy,
} from '../../../machines/guardrail/settings.ts';
import type { Checks } from '../../contracts/guardrail.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { TroupeError } from '../../values/failure.ts';
import { reservedTypes, slug } from '../../values/ids.ts';
import { rememberPart } from '../madeFrom.ts';

/** Options of every guardrail. */
export interface GuardrailOptions {
  /** Its name; the name of its kind by default. Two of one kind need different names. */
  readonly name?: string;
  /** How long one check may take, as a duration or in milliseconds; 30 seconds by default. A check that takes longer rejects. */
  readonly limit?: Duration;
  /** When it rejects everything: after so many failures in a row for a while, or (`person`) from its first rejection until a person resets it. Never by default. */
  readonly trip?:
    | 'person'
    | {
        /** How many failures in a row; 1 or more. */
        readonly after: number;
        /** How long it then rejects everything, as a duration or in milliseconds. */
        readonly rest: Duration;
      };
}

/** The option of guardrails that judge what is said. */
export interface HoldBackOptions {
  /**
   * Shows what is said while it is said, but for the last characters of each text: so many are held back until the model's answer has ended. A match that is
   * longer may be begun to be shown. By default nothing is shown before the whole result was judged.
   */
  readonly holdBack?: number;
}

/** The fixed order in which they check work. A user's own come last, in the order in which they were given. */
const order = ['timeout', 'budget', 'rateLimit', 'cancellation', 'input', 'output', 'tool', 'schema', 'own'] as const;

/** Makes a guardrail of a kind. Throws `definition` when its name is one that the runtime uses itself. */
export function make(
  kind: (typeof order)[number],
  options: GuardrailOptions,
  what: {
    readonly rule?: GuardrailRule;
    readonly checks?: Checks;
    readonly every?: Duration | undefined;
    readonly holdBack?: number | undefined;
    /** What its checks were made from, beside its options. */
    readonly from?: unknown;
  },
): Guardrail {
  const { name = kind, limit, trip } = options;
  const checks = what.checks ?? {};
  rememberPart(checks, [options, what.from]);
  const id = slug(name);
  if (reservedTypes.has(id))
    throw new TroupeError(
      'definition',
      `A guardrail cannot be called "${name}", a name that the runtime uses itself. Choose another.`,
    );
  return Object.freeze({
    kind: 'guardrail' as const,
    name,
    id,
    rank: order.indexOf(kind),
    rule: what.rule ?? { kind: 'asked' as const },
    checks,
    ...((kind === 'input' || kind === 'own') && checks.pre ? { judgesInput: true as const } : {}),
    ...(Array.isArray(what.from) ? { looksForPatterns: true as const } : {}),
    ...(what.holdBack === undefined ? {} : { holdBack: what.holdBack }),
    limit: limit === undefined ? defaultGuardrailSettings.patience : milliseconds(limit),
    ...(what.every === undefined ? {} : { every: milliseconds(what.every) }),
    ...(trip === undefined ? {} : { trip: tripOf(trip) }),
  });
}

const tripOf = (trip: NonNullable<GuardrailOptions['trip']>): BreakerPolicy =>
  trip === 'person' ? trip : { after: trip.after, rest: milliseconds(trip.rest) };
