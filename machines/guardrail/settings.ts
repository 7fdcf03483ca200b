/** The settings of a guardrail: the rule that it decides by itself, the checks that it asks, and when its breaker opens. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { Work } from '../../src/contracts/work.ts';

/** The rule that a guardrail decides by itself. Times are in milliseconds. `asked`: there is none, and the slot `checkWork` decides. */
export type GuardrailRule =
  | {
      readonly kind: 'timeout';
      /** The longest timeout that a task may ask for, in milliseconds; undefined: any. */
      readonly max: number | undefined;
      /** Rejects work that names no timeout of its own. */
      readonly requireExplicit: boolean;
    }
  | {
      readonly kind: 'budget';
      /** The most that a task may ask for; a kind that is not named is not limited. */
      readonly limits: Budget;
      /** Rejects work that names no budget of its own for a kind in `limits`. */
      readonly requireExplicit: boolean;
      /** Admits work although nothing is left of its run's budget. */
      readonly allowExhausted: boolean;
    }
  | {
      readonly kind: 'rateLimit';
      /** Pieces of work in each period; undefined: any number. */
      readonly tasks: number | undefined;
      /** Tokens of models in each period; undefined: any number. */
      readonly tokens: number | undefined;
      /** The period of both rates, in milliseconds: in this time an empty bucket is full again. */
      readonly per: number;
      /** The key of the bucket that it is taken from. Pure. */
      readonly keyOf: (work: Work) => string;
    }
  | { readonly kind: 'cancellation' }
  | { readonly kind: 'asked' };

/** When the breaker opens. `person`: at the guardrail's first rejection, until a person resets it. Otherwise after so many failures in a row, for `rest` milliseconds. */
export type BreakerPolicy =
  | 'person'
  | {
      /** How many failures in a row open it. */
      readonly after: number;
      /** How long it stays open before it admits a trial, in milliseconds. */
      readonly rest: number;
    };

/** Which commands a supervised machine takes: `agent.cancel`, `run.cancel`, or, if it is a supervisor, `work.cancel`. */
export type CommandFamily = 'agent' | 'run' | 'work';

/** What a guardrail's definition comes to for its machine. It is in no snapshot. */
export interface GuardrailSettings {
  /** For people, and in the failure of a rejection. */
  readonly name: string;
  /** What it decides without asking the user's checks. */
  readonly rule: GuardrailRule;
  /** The stages at which the slot `checkWork` is asked. */
  readonly asks: readonly ('pre' | 'mid' | 'post')[];
  /** How often `mid` is asked again while work is under way, in milliseconds; undefined: not again. */
  readonly every: number | undefined;
  /** How long a check may take, in milliseconds. */
  readonly patience: number;
  /** undefined: the breaker opens only when it is told to. */
  readonly trip: BreakerPolicy | undefined;
  /** The name of the next guardrail; undefined for the last one, which has the supervised machines. */
  readonly below: string | undefined;
  /** The supervised machines by name, and the commands that each takes. */
  readonly supervised: Readonly<Record<string, CommandFamily>>;
  /** How long the supervised machine may take to end when it is told to, in milliseconds. */
  readonly grace: number;
  /** How long a ticket for its reset stays open, in milliseconds. */
  readonly ticket: number;
  /** The result is the body of the answer alone, as a team's is. For a guardrail at the root of a run. */
  readonly bare: boolean;
}

/** Asks nothing and rejects nothing: 30 seconds for a check, 15 seconds to stop, 48 hours for a ticket. */
export const defaultGuardrailSettings: GuardrailSettings = {
  name: 'guardrail',
  rule: { kind: 'asked' },
  asks: [],
  every: undefined,
  patience: 30_000,
  trip: undefined,
  below: undefined,
  supervised: {},
  grace: 15_000,
  ticket: 48 * 3_600_000,
  bare: false,
};
