/** What makes one guardrail differ from another: the rule it decides by itself, what it asks a user's code, and when it shuts its door. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { Work } from '../../src/contracts/work.ts';

/** Times are milliseconds. `asked`: it has no rule of its own; the slot `check` decides. */
export type Rule =
  | { readonly kind: 'timeout'; readonly max: number | undefined; readonly requireExplicit: boolean }
  | {
      readonly kind: 'budget';
      readonly limits: Budget;
      readonly requireExplicit: boolean;
      /** Lets work in although nothing is left of what its run may use up. */
      readonly allowExhausted: boolean;
    }
  | {
      readonly kind: 'rateLimit';
      /** Pieces of work, and tokens of models, in each stretch of `per`. */
      readonly tasks: number | undefined;
      readonly tokens: number | undefined;
      readonly per: number;
      /** Whose bucket it is taken from. Pure. */
      readonly keyOf: (work: Work) => string;
    }
  | { readonly kind: 'cancellation' }
  | { readonly kind: 'asked' };

/** `person`: its first rejection trips it, until a person resets it. Otherwise after so many failures in a row it rests. */
export type Trip = 'person' | { readonly after: number; readonly rest: number };

/** What a supervised machine is, by the language in which it is told to stop, pause and go on. One that is spoken to of work stands. */
export type Tongue = 'agent' | 'run' | 'work';

export interface GuardrailSettings {
  readonly name: string;
  readonly rule: Rule;
  /** The stages at which the slot `check` is asked. */
  readonly asks: readonly ('pre' | 'mid' | 'post')[];
  /** While work is under way, `mid` is asked again after so long. */
  readonly every: number | undefined;
  /** How long a check may take. */
  readonly patience: number;
  readonly trip: Trip | undefined;
  /** The guardrail that stands below, by name; the last one has what is supervised. */
  readonly below: string | undefined;
  readonly supervised: Readonly<Record<string, Tongue>>;
  /** How long what is supervised may take to end when it is told to. */
  readonly grace: number;
  /** How long a ticket for its reset stays open. */
  readonly ticket: number;
  /** At the root of a run: the result is the body of the answer alone, as a team's is. */
  readonly bare: boolean;
}

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
