/** What a check found, and what it may say it has proved. */
import type { Fault, Faults } from './faults.ts';

/**
 * `deadlock`: nothing can happen any more, and it has not ended. `livelock`: it can go round for ever without a state tagged `progress`.
 * `unhandled`: a message that means nothing to who gets it. `unanswered`: an ask that was taken and will never be answered.
 * `hang`: a deadlock once a message was lost. `expiry`: a deadlock once nobody answered a person's question in time.
 * `unreachable`: a state, a member or a route that nothing leads to. `broken`: a step that throws.
 */
export const findingKinds = [
  'deadlock',
  'livelock',
  'unhandled',
  'unanswered',
  'hang',
  'expiry',
  'unreachable',
  'broken',
] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  readonly kind: FindingKind;
  /** What is wrong, where, and what would mend it. */
  readonly says: string;
  /** How it comes about: the shortest way there, a line for each thing that happens. Empty for what never happens. */
  readonly trace: readonly string[];
  /** The same as a mermaid sequence diagram. */
  readonly mermaid: string;
  /** The same as a test to paste: it leads there and says what comes of it today. Empty for what never happens. */
  readonly story: string;
}

export interface Bound {
  readonly what: 'states' | 'depth' | 'time';
  /** States, events, or milliseconds. */
  readonly at: number;
  /** The part of a context that took the most values: what an endless walk grows by. */
  readonly grows?: string;
}

export interface CheckReport {
  readonly name: string;
  /** Situations that differ: the states and facts of every actor, and the messages in flight. */
  readonly states: number;
  readonly transitions: number;
  /** How many of each fault were tried at most, in one run of things. */
  readonly faults: Faults;
  /** Where it stopped before everything was seen. */
  readonly bound?: Bound;
  /** The shortest traces first. */
  readonly findings: readonly Finding[];
  /** Never that it is correct: what was looked for and is not there, within which faults and states. */
  readonly proved: readonly string[];
  /** What was left open, and why. */
  readonly unproven: readonly string[];
}

export type { Fault, Faults };
