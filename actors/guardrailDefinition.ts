/** One guardrail as it was defined, before its actors are made. */
import type { Checks } from '../src/contracts/guardrail.ts';
import type { GuardrailRule, BreakerPolicy } from '../machines/guardrail/settings.ts';

/** One guardrail as it was defined. Times are in milliseconds. */
export interface Guardrail {
  readonly kind: 'guardrail';
  /** What people and refusals call it: the name that the user gave, or else its kind (`timeout`, `budget`). */
  readonly name: string;
  /** The name of its actors, made from its own. */
  readonly id: string;
  /** Its position in the fixed order; guardrails of one rank keep the order in which they were given. */
  readonly rank: number;
  /** What it decides by itself; `{ kind: 'asked' }` when only the user's checks decide. */
  readonly rule: GuardrailRule;
  /** The user's checks, by stage. */
  readonly checks: Checks;
  /** Its check `pre` also judges what is said to an agent while it works (`agent.input`). */
  readonly judgesInput?: true;
  /** Its stream check only looks for patterns in a text: what is new in a text that grows is found at its end. */
  readonly looksForPatterns?: true;
  /** How many characters of what is said are held back until an answer has ended; without it all is held until the result was judged. */
  readonly holdBack?: number;
  /** How long each of its checks may take. */
  readonly limit: number;
  /** How often `mid` is asked while work is under way; only once without it. */
  readonly every?: number;
  /** When its breaker opens; only when it is told to without it. */
  readonly trip?: BreakerPolicy;
}
