/** The types of definitions whose messages do not matter: agents, teams, orchestrators and guarded definitions of any protocol. */
import type { Agent } from './agent.ts';
import type { ExecutionMode } from '../contracts/executionMode.ts';
import type { Guarded } from './guardrails/guardedDefinition.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';
import type { Orchestrator } from './orchestratorDefinition.ts';
import type { Team } from './teamDefinition.ts';

/* oxlint-disable typescript/no-explicit-any -- Their message types were checked where they were defined. */
/** An agent of any protocol. */
export type AnyAgent = Agent<any, any>;
/** A team of any protocol. */
export type AnyTeam = Team<any, any, any>;
/** Anything with guardrails in front of it. */
export type AnyGuarded = Guarded<any>;
/** An orchestrator of any mode and members. */
export type AnyOrchestrator = Orchestrator<ExecutionMode, any>;
/* oxlint-enable typescript/no-explicit-any */

/** Anything with guardrails in front of it, as a member: `Guarded<any>` says nothing about its messages. */
export type GuardedMember = AnyGuarded & Member;
/** Everything that may have guardrails in front of it, beside tools. */
export type Guardable = AnyAgent | AnyTeam | GuardedMember;
/** Everything that may be a member of a team or of an orchestrator. */
export type AnyMember = Guardable | Orchestrator | Pool;

/**
 * The whole definition of a member. Only agent(), team(), guarded(), orchestrator() and presets make members, so `kind` says which of them it is;
 * the types of members say less, because they are generic.
 */
export const memberDefinition = (member: Pick<Member, 'kind' | 'name'>): AnyMember => member as AnyMember;

/** What guardrails are in front of. */
export const guardedDefinition = ({ subject }: AnyGuarded): Guardable => subject;
