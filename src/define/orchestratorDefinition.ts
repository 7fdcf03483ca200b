/** A defined orchestrator, and what it is defined with. */
import type * as z from 'zod';
import type { Guardrail } from '../../actors/guardrailDefinition.ts';
import type { Duration } from '../values/duration.ts';
import type { ExecutionMode } from '../contracts/executionMode.ts';
import type { RetryPolicy } from '../contracts/task.ts';
import type { Member } from './member.ts';
import type { Router } from './routers.ts';

/** Whatever may work for an orchestrator: an agent, a team, an orchestrator, or one of them guarded. The messages that it speaks are read from its own type. */
export type MemberLike = Pick<Member, 'kind' | 'name'>;

/** A member with its id, role and limits in one orchestrator. */
export interface OrchestratorMemberOptions<Who extends MemberLike = MemberLike> {
  /** The agent, team, orchestrator or guarded definition that does the work. */
  readonly agent: Who;
  /** Its id in this orchestrator; its own name by default. */
  readonly id?: string;
  /** The role by which `routers.role` finds it; none by default. */
  readonly role?: string;
  /** How many tasks it works on at once; no limit by default. */
  readonly capacity?: number;
  /** How many model answers one attempt may take when the task sets no limit; no limit of its own by default. */
  readonly maxSteps?: number;
}
/** A member as it may be written: alone, or with its options. */
export type OrchestratorMemberSpec = MemberLike | OrchestratorMemberOptions;
/** Members as they may be written: a list, or an object with a member under each id. */
export type MemberSpecs = readonly OrchestratorMemberSpec[] | Readonly<Record<string, OrchestratorMemberSpec>>;

/** A member of a defined orchestrator. */
export interface OrchestratorMember<Who extends MemberLike = MemberLike> extends Omit<
  OrchestratorMemberOptions<Who>,
  'id'
> {
  /** Its id in this orchestrator. */
  readonly id: string;
}
/** The types of the members, from a list or from an object. */
export type MemberTypes<Specs> = Specs extends readonly (infer Spec)[]
  ? MemberType<Spec>
  : { [K in keyof Specs]: MemberType<Specs[K]> }[keyof Specs];
type MemberType<Spec> = Spec extends { readonly agent: infer Who extends MemberLike }
  ? Who
  : Spec extends MemberLike
    ? Spec
    : never;
type ProtocolOf<Who> = Who extends { readonly protocol: infer P } ? P : never;
type MessagesTakenBy<Who> = Who extends { readonly handles: readonly (infer Taken)[] } ? Taken : never;

/** Limits of one orchestration. */
export interface OrchestratorBudget {
  /** How many tasks are worked on at once; the limit of the mode by default. */
  readonly maxConcurrentTasks?: number;
  /** How many model answers all tasks together may take; no limit by default. */
  readonly maxTotalSteps?: number;
  /** How many tasks are given out in all; no limit by default. */
  readonly maxTotalTasks?: number;
}

/** When a member that keeps failing gets no tasks for a while. */
export interface RotationOptions {
  /** How many failures in a row, by the member's own fault, take it out of rotation; 3 by default. */
  readonly maxFailures?: number;
  /** The time within which those failures must happen, as a duration or in milliseconds; five minutes by default. */
  readonly within?: Duration;
  /** How long it gets no tasks before it is tried again, as a duration or in milliseconds; 30 seconds by default. `never`: it stays out. */
  readonly rest?: Duration | 'never';
}

/** What an orchestrator is defined with. */
export interface OrchestratorOptions<
  Mode extends ExecutionMode = ExecutionMode,
  Specs extends MemberSpecs = MemberSpecs,
> {
  /** Its name, in lower case also its id. */
  readonly name: string;
  /** Agents, teams, orchestrators and guarded definitions. Routers that take the first or the next member go by this order. */
  readonly members: Specs;
  /** Decides which member gets a task; `routers.firstAvailable()` by default. */
  readonly router?: Router;
  /** How many tasks are worked on at once, and whether each gets the answer of the one before it; `auto` by default: up to 64 at once. */
  readonly mode?: Mode;
  /** Limits of one orchestration; none by default. */
  readonly budget?: OrchestratorBudget;
  /** Further attempts for tasks that set none themselves; none by default. */
  readonly retry?: z.input<typeof RetryPolicy>;
  /** When a member that keeps failing gets no tasks for a while. */
  readonly rotation?: RotationOptions;
  /** Guardrails in front of all members; none by default. A rejection becomes the result of its task. */
  readonly guardrails?: readonly Guardrail[];
  /** How long the whole orchestration may take from its beginning, as a duration or in milliseconds; as a member of something, each piece of work. No limit by default. */
  readonly deadline?: Duration;
  /** How long members may take to end when they are stopped, as a duration or in milliseconds; 15 seconds by default. */
  readonly grace?: Duration;
}

/** A defined orchestrator: something to run, or a member. */
export interface Orchestrator<Mode extends ExecutionMode = ExecutionMode, Who extends MemberLike = MemberLike> {
  readonly kind: 'orchestrator';
  /** Its id: a-z, 0-9 and ". _ -". */
  readonly name: string;
  /** Its members, in the order in which they were given. */
  readonly members: readonly OrchestratorMember<Who>[];
  /** The protocol of its members, where all of them have the same. As a member of a team it takes what any of its members takes, and answers with their answers. */
  readonly protocol: ProtocolOf<Who> | undefined;
  /** The messages that any of its members takes. */
  readonly handles: readonly MessagesTakenBy<Who>[];
  /** Decides which member gets a task. */
  readonly router: Router;
  /** How many tasks are worked on at once. */
  readonly mode: Mode;
  /** In front of all members. */
  readonly guardrails: readonly Guardrail[];
  /** Its limits as they were given. */
  readonly options: Pick<OrchestratorOptions, 'budget' | 'rotation' | 'deadline' | 'grace'> & {
    /** Further attempts for tasks that set none themselves. */
    readonly retry?: RetryPolicy;
  };
}
