/** The agents of a subject, at any depth, and which of them a recorded actor is. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import { isRunnable, type AnyAgent, type Runnable } from '../../define/runnable.ts';
import type { Cassette } from './format.ts';

/** An agent as it stands in a subject. */
export interface AgentInPlace {
  readonly agent: AnyAgent;
  /** May a guardrail in front of it ask a person about a call of its tools? */
  readonly mayAsk: boolean;
}

/** Finds the agent that an actor of a cassette is; undefined for an actor that is none, and when it cannot be told which one it is. */
export function agentFinder(subject: Runnable, { actors }: Cassette): (actor: string) => AgentInPlace | undefined {
  const agents = new Map(agentsIn(subject, false).map((each) => [each.agent.name, each]));
  const recorded = new Map(actors.map((each) => [each.actor, each]));
  const [only] = agents.size === 1 ? agents.values() : [];
  // A member has the type of its name; an agent that is run by itself has the type of all agents.
  return (actor) => agents.get(recorded.get(actor)?.type ?? '') ?? only;
}

function agentsIn(subject: unknown, mayAsk: boolean): AgentInPlace[] {
  const inside = (part: unknown) => agentsIn(part, mayAsk);
  if (typeof subject === 'object' && subject !== null && 'agent' in subject) return inside(subject.agent);
  if (!isRunnable(subject)) return [];
  switch (subject.kind) {
    case 'agent': {
      const called = subject.tools.flatMap((tool) =>
        'kind' in tool && tool.kind === 'delegate' ? inside(tool.subject) : [],
      );
      return [{ agent: subject, mayAsk }, ...called];
    }
    case 'guarded':
      return agentsIn(subject.subject, mayAsk || hasToolChecks(subject.guardrails));
    case 'team':
      return Object.values<unknown>(subject.members).flatMap(inside);
    case 'orchestrator':
      return subject.members.flatMap((member) => agentsIn(member, mayAsk || hasToolChecks(subject.guardrails)));
    default:
      return [];
  }
}

const hasToolChecks = (guardrails: readonly Guardrail[]): boolean =>
  guardrails.some(({ checks }) => checks.tool !== undefined);
