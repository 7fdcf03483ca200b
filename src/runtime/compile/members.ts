/** The members of a team or an orchestrator, compiled. */
import type { MemberKind } from '../../../machines/member.ts';
import type { ActorTypeOptions } from '../../core/actorType.ts';
import type { StateMachine } from '../../core/chart.ts';
import { memberDefinition } from '../../define/anyMember.ts';
import { compilesItself, membershipOf, type Compiled, type Member } from '../../define/member.ts';
import { taskFacts } from '../../define/taskFacts.ts';

/** Compiles one member. */
export type CompileMember = (member: Member) => Compiled;

/** Compiled members by their names. */
export type CompiledMembers = Readonly<Record<string, Compiled>>;

/** Compiles members by their names. */
export const compileMembers = (
  members: readonly (readonly [string, Member])[],
  compileMember: CompileMember,
): CompiledMembers => Object.fromEntries(members.map(([name, member]) => [name, compileMember(member)]));

/** What a supervisor must know about a member; of a guarded one also what it says about its own work, for its guardrails. */
export function memberFactsOf(given: Member): MemberKind {
  const member = memberDefinition(given);
  return member.kind === 'guarded' && !compilesItself(given)
    ? { ...membershipOf(given), facts: taskFacts(member) }
    : membershipOf(given);
}

/** Their machines. */
export const machinesOf = (members: CompiledMembers): Record<string, StateMachine> =>
  Object.fromEntries(Object.entries(members).map(([name, { machine }]) => [name, machine]));

/** The options of their actor types. */
export const childOptionsOf = (members: CompiledMembers): Record<string, ActorTypeOptions> =>
  Object.fromEntries(Object.entries(members).map(([name, { options }]) => [name, options]));
