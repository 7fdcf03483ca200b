/** The report of a check: its findings, and what it may claim to have proved. */
import type { CheckFaults } from './faults.ts';

/**
 * The kinds of findings. `deadlock`: nothing can happen any more although the run has not ended. `livelock`: it can go round for ever without
 * a state tagged `progress`. `unhandled`: a message that its receiver does not handle. `unanswered`: an ask that was accepted and will never be
 * answered. `hang`: a deadlock after a message was lost. `expiry`: a deadlock after a person's question expired.
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
/** One kind of finding. */
export type FindingKind = (typeof findingKinds)[number];

/** Something that is wrong. */
export interface Finding {
  /** What kind of thing is wrong. */
  readonly kind: FindingKind;
  /** What is wrong, where, and what would mend it. */
  readonly says: string;
  /** How it comes about: the shortest trace, one line for each move. Empty for something that never happens. */
  readonly trace: readonly string[];
  /** The same as a mermaid sequence diagram; empty for something that never happens. */
  readonly mermaid: string;
  /** The same as a test to paste: it leads there and asserts what happens today. Empty for something that never happens. */
  readonly story: string;
}

/** The limit at which a check stopped before everything was explored. */
export interface Bound {
  /** Which limit it was. */
  readonly what: 'states' | 'depth' | 'time';
  /** The limit: worlds for `states`, moves for `depth`, milliseconds for `time`. */
  readonly at: number;
  /** The part of a context that took the most values: usually the reason why the exploration does not end. */
  readonly grows?: string;
}

/** Situations that were taken for one that was explored, because they differ only in what is not told apart. */
export interface Merged {
  /** How many differ only in numbers above `upTo` and in lists longer than that. */
  readonly large: number;
  /** How many differ only in long texts, fractions, or values nested more than four deep. */
  readonly vague: number;
  /** Numbers and lengths up to this one were told apart. */
  readonly upTo: number;
}

/** What a check found and proved. */
export interface CheckReport {
  /** The name of what was checked. */
  readonly name: string;
  /** Worlds that were reached: they differ in the states and contexts of actors, or in the messages in flight. */
  readonly states: number;
  /** Moves from one world to another. */
  readonly transitions: number;
  /** How often each fault was allowed in one trace. */
  readonly faults: CheckFaults;
  /** The limit at which it stopped; absent when everything was explored. */
  readonly bound?: Bound;
  /** What was not told apart; absent when every situation was explored by itself. */
  readonly merged?: Merged;
  /** What is wrong, the shortest traces first. */
  readonly findings: readonly Finding[];
  /** What was looked for and not found, within which faults and worlds. That is never a claim that it is correct. */
  readonly proved: readonly string[];
  /** What was left open, and why. */
  readonly unproven: readonly string[];
}
