/** What a router must know about a member: the messages it takes, the names it uses for them, and how many model answers one task may cost. */
import { defaultAgentBudget } from '../../machines/agent/settings.ts';
import type { MemberKind } from '../../machines/member.ts';
import { defaultRunLimits } from '../../machines/run/settings.ts';
import { answersTogether, type RouterMember } from '../../machines/router/settings.ts';
import type { Protocol } from '../contracts/protocol.ts';
import { membershipOf } from './member.ts';
import type { OrchestratorMember } from './orchestratorDefinition.ts';
import { guardedDefinition, memberDefinition, type AnyGuarded, type AnyMember } from './anyMember.ts';

/** A member of any kind, as `troupe/check` takes it. */
export type AnyWorker = AnyMember | AnyGuarded;

/** What the machine of an orchestrator is told about one of its members. */
export function memberProfile({ id, agent, role, capacity, maxSteps }: OrchestratorMember): RouterMember {
  const member = memberDefinition(agent);
  return {
    id,
    who: namesOf(member),
    ...(role === undefined ? {} : { role }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    steps: stepsOf(member),
    takes: messagesTaken(member),
  };
}

/** A preset has no name for its answer: it answers with a text. */
function namesOf(member: AnyMember): MemberKind {
  const membership = membershipOf(member);
  return isPreset(member) ? { ...membership, gives: 'text' } : membership;
}
const isPreset = (member: AnyMember): boolean =>
  member.kind === 'guarded' ? isPreset(guardedDefinition(member)) : member.kind === 'team' && member.plain === true;

/** The largest number of model answers that one task may cost. */
function stepsOf(member: AnyMember): number {
  switch (member.kind) {
    case 'agent':
      return member.definition('').budget?.steps ?? defaultAgentBudget.steps ?? Infinity;
    case 'pool':
      return 0;
    case 'guarded':
      return stepsOf(guardedDefinition(member));
    case 'team': {
      const { budget, maxTurns = defaultRunLimits.maxTurns } = member.options;
      const each = Object.values(member.members).map((one) => stepsOf(memberDefinition(one)));
      return budget?.steps ?? bounded(maxTurns * Math.max(...each));
    }
    case 'orchestrator': {
      const { members, router, options } = member;
      const each = members.map(({ agent, maxSteps = Infinity }) =>
        Math.min(maxSteps, stepsOf(memberDefinition(agent))),
      );
      const once = answersTogether(router.strategy) ? each.reduce((sum, steps) => sum + steps, 0) : Math.max(...each);
      return bounded(once * (1 + (options.retry?.maxRetries ?? 0)));
    }
  }
}
/** A number that a snapshot can hold. */
const bounded = (steps: number): number => Math.min(steps, Number.MAX_SAFE_INTEGER);

/** The names of the messages that a member takes; a text is a `task`. */
export function messagesTaken(given: Pick<AnyMember, 'kind' | 'name'>): readonly string[] {
  const member = memberDefinition(given);
  if (member.kind === 'orchestrator') return [...new Set(member.members.flatMap(({ agent }) => messagesTaken(agent)))];
  const { protocol, handles } = member;
  return protocol && handles.length > 0 ? handles : ['task'];
}

/** Checks a body against the first member that takes the message, and gives it as the schema leaves it. A body that no member here takes, or that some member takes without a schema, stays as it is. Throws `invalid`. */
export function requireTaskBody(members: readonly OrchestratorMember[], type: string, body: unknown): unknown {
  const takers = members
    .map(({ agent }) => memberDefinition(agent))
    .filter((member) => messagesTaken(member).includes(type));
  const protocols = takers.map((member) => protocolFor(member, type));
  return protocols.includes(undefined) ? body : (protocols[0]?.parse(type, body) ?? body);
}

/** The protocol that defines the message; undefined where it is any text. */
function protocolFor(member: AnyMember, type: string): Protocol | undefined {
  if (member.kind === 'orchestrator') {
    const taker = member.members
      .map(({ agent }) => memberDefinition(agent))
      .find((one) => messagesTaken(one).includes(type));
    return taker && protocolFor(taker, type);
  }
  const { protocol, handles } = member;
  return protocol && handles.includes(type) ? protocol : undefined;
}
