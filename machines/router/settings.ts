/** The settings of a router: its members, how it chooses among them, and when one is taken out of rotation. They are in no snapshot, so they may be changed for a run that stopped. */
import type { RetryPolicy } from '../../src/contracts/task.ts';
import type { MemberKind } from '../member.ts';

/** How a member is chosen among those that may have the task: by `agentId`, by the message, and by what the strategy itself demands. */
export type RoutingStrategy =
  | {
      /**
       * `direct`: the member that the task names. `roundRobin`: members take turns. `firstAvailable`: the first of the healthiest with room.
       * `leastBusy`: of the healthiest, the one with the fewest tasks. `selector`: a function or a model decides. `broadcast`: all members get the task.
       */
      readonly kind: 'direct' | 'roundRobin' | 'firstAvailable' | 'leastBusy' | 'selector' | 'broadcast';
    }
  /** By the role that the task's metadata names under `key`. */
  | {
      readonly kind: 'role';
      /** The key in the task's metadata that names the role. */
      readonly key: string;
      /** Chooses when the task names no role or no member has that role; without it the task fails. */
      readonly fallback?: RoutingStrategy;
    }
  /** Tasks with the same value under `key` in their metadata get the same member. */
  | {
      readonly kind: 'sticky';
      /** The key in the task's metadata; without it the task's `correlationId` counts, or else its id. */
      readonly key: string;
    };

/** Whether the strategy gives a task to all members, so that the result is a list of answers. */
export const answersTogether = (strategy: RoutingStrategy): boolean =>
  strategy.kind === 'broadcast' ||
  (strategy.kind === 'role' && strategy.fallback !== undefined && answersTogether(strategy.fallback));

/** A member. Its actor is provided under its id. */
export interface RouterMember {
  /** Its id, which is unique among the members of the router. */
  readonly id: string;
  /** What it is; an agent by default. */
  readonly who?: MemberKind;
  /** Its role, for the strategy `role`. */
  readonly role?: string;
  /** How many tasks it takes at once; no limit by default. */
  readonly capacity?: number;
  /** Answers of a model that an attempt may take if the task does not say. */
  readonly maxSteps?: number;
  /** The most that an attempt may take in any case: so many are reserved for it. */
  readonly steps: number;
  /** The types of the messages that it takes. */
  readonly takes: readonly string[];
}

/** When a member is taken out of rotation. */
export interface RotationSettings {
  /** So many failures of its own in a row take a member out. */
  readonly maxFailures: number;
  /** The failures must come within this time, in milliseconds. */
  readonly within: number;
  /** How long it is out, in milliseconds; null: for the rest of the run. */
  readonly rest: number | null;
}

/** Limits of all tasks together; null is none. */
export interface RouterLimits {
  /** How many tasks may be at work at the same time; the mode may allow fewer. */
  readonly maxConcurrentTasks: number | null;
  /** How many answers of models all tasks together may use. */
  readonly maxTotalSteps: number | null;
  /** How many tasks may be dispatched in the whole run. */
  readonly maxTotalTasks: number | null;
}

/** What an orchestrator's definition comes to for its machine. */
export interface RouterSettings {
  /** The members, in the order in which the strategy considers them. */
  readonly members: readonly RouterMember[];
  /** How the member for a task is chosen; `firstAvailable` by default. */
  readonly strategy: RoutingStrategy;
  /** How many tasks at once, and whether they are stages of a pipeline; used when the input names none. */
  readonly mode: string;
  /** How many tasks a mode allows at once. */
  readonly places: (mode: string) => number;
  /** Limits of all tasks together; none by default. */
  readonly limits: RouterLimits;
  /** How a failed task is repeated when the task itself does not say; no repetition by default. */
  readonly retry: RetryPolicy;
  /** When a member that fails is taken out of rotation, and for how long. */
  readonly rotation: RotationSettings;
  /** `guard`: members are behind guardrails, which the child `guard` holds. */
  readonly entry: 'direct' | 'guard';
  /** How long everything may take, in milliseconds. undefined: 48 hours, or no limit for a router that goes on without tasks. */
  readonly deadline: number | undefined;
  /** How long members may take to end when they are stopped, in milliseconds. */
  readonly grace: number;
  /** The longest pause between attempts, in milliseconds. */
  readonly maxBackoff: number;
}

const minute = 60_000;

/** Three failures within five minutes take a member out for 30 seconds. */
export const defaultRotation: RotationSettings = { maxFailures: 3, within: 5 * minute, rest: 30_000 };

/** No members, `firstAvailable`, 64 tasks at once, no limits, no retries. */
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

/** The deadline of an orchestration without one, in milliseconds. */
export const defaultDeadline = 48 * 60 * minute;
