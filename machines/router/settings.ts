/** What a router is made of: its members, how it chooses among them, and when one of them is left out. In no snapshot, so it may be changed for a run that stopped. */
import type { RetryPolicy } from '../../src/contracts/task.ts';
import type { Membership } from '../member.ts';

/** How a member is chosen. Those that may have the task at all are found first: by `agentId`, by the message, by what the strategy says. */
export type Strategy =
  | { readonly kind: 'direct' | 'roundRobin' | 'firstAvailable' | 'leastBusy' | 'selector' | 'broadcast' }
  /** By a word in the task's metadata. */
  | { readonly kind: 'role'; readonly key: string; readonly fallback?: Strategy }
  /** Equal words in the metadata, the same member. */
  | { readonly kind: 'sticky'; readonly key: string };

/** Does it give a task to all, so that the answer is a list of answers? */
export const answersTogether = (strategy: Strategy): boolean =>
  strategy.kind === 'broadcast' ||
  (strategy.kind === 'role' && strategy.fallback !== undefined && answersTogether(strategy.fallback));

/** What is known of a member. Its actor is provided under its id. */
export interface Profile {
  readonly id: string;
  /** What it is; an agent unless told otherwise. */
  readonly who?: Membership;
  readonly role?: string;
  /** Tasks at once; without it as many as come. */
  readonly capacity?: number;
  /** Answers of a model that an attempt may take, where the task does not say. */
  readonly maxSteps?: number;
  /** How many it may take when nobody says: what is reserved for it. */
  readonly steps: number;
  /** The messages it takes. */
  readonly takes: readonly string[];
}

export interface Rotation {
  /** Failures in a row that are a member's own, within so many milliseconds, that take it out. */
  readonly maxFailures: number;
  readonly within: number;
  /** How long until it is tried again; null: not in this run. */
  readonly rest: number | null;
}

export interface RouterLimits {
  readonly maxConcurrentTasks: number | null;
  readonly maxTotalSteps: number | null;
  readonly maxTotalTasks: number | null;
}

export interface RouterSettings {
  readonly members: readonly Profile[];
  readonly strategy: Strategy;
  readonly mode: string;
  /** How many places a mode has. */
  readonly places: (mode: string) => number;
  readonly limits: RouterLimits;
  readonly retry: RetryPolicy;
  readonly rotation: Rotation;
  /** `guard`: members are behind guardrails, which a standing child of that name holds. */
  readonly entry: 'direct' | 'guard';
  /** Of all of it; one that stands has none unless it is given. */
  readonly deadline: number | undefined;
  /** How long members may take to end when they are stopped. */
  readonly grace: number;
  /** No pause between attempts is longer. */
  readonly maxBackoff: number;
}

const minute = 60_000;

export const defaultRotation: Rotation = { maxFailures: 3, within: 5 * minute, rest: 30_000 };

export const defaultRouterSettings: RouterSettings = {
  members: [],
  strategy: { kind: 'firstAvailable' },
  mode: 'auto',
  places: () => 64,
  limits: { maxConcurrentTasks: null, maxTotalSteps: null, maxTotalTasks: null },
  retry: { maxRetries: 0, backoff: 0, condition: 'always' },
  rotation: defaultRotation,
  entry: 'direct',
  deadline: undefined,
  grace: 15_000,
  maxBackoff: 10 * minute,
};

/** An orchestration that nobody bounded still ends. */
export const longest = 48 * 60 * minute;
