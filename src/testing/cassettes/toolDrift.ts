/** Differences between the calls that an agent's model made when it was recorded and the tools that the agent has today. */
import { isRunnable, type AnyAgent, type Runnable } from '../../define/runnable.ts';
import type { Tool } from '../../tools/tool.ts';
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import { jsonObject, jsonObjects, jsonText } from '../jsonValues.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Drift } from './drift.ts';
import type { Cassette } from './format.ts';
import { isMasked } from './masker.ts';

/** The first difference of each tool of each actor, in the order of the calls. What is made inside an effect is not replayed, so it is compared here. */
export function toolDrift(subject: Runnable, { actors, ledger }: Cassette): Omit<Drift, 'difference'>[] {
  const agents = new Map(agentsIn(subject, false).map((found) => [found.agent.name, found]));
  const found = new Map<string, Omit<Drift, 'difference'>>();
  for (const { actor, key, name, outcome } of ledger) {
    if (name !== 'callModel' || !outcome.ok) continue;
    const recorded = actors.find((each) => each.actor === actor);
    // A member has the type of its name; an agent that is run by itself has the type of all agents.
    const known = agents.get(recorded?.type ?? '') ?? (agents.size === 1 ? [...agents.values()][0] : undefined);
    if (!known) continue;
    for (const call of jsonObjects(jsonObject(outcome.output)['calls']) ?? []) {
      const tool = jsonText(call['name']);
      const message = isOwnCall(call) ? differenceOf(known, tool, call) : undefined;
      const place = `${actor} ${tool}`;
      const seq = Number(key.split('/').at(-2)) || 0;
      if (message !== undefined && !found.has(place))
        found.set(place, { kind: 'tool', actor, phase: `tool ${tool}`, seq, message });
    }
  }
  return [...found.values()];
}

/** A call of a tool that the agent runs itself: not one of a server, nor of another agent, nor one that was refused. */
const isOwnCall = ({ how, belt, delegate }: JsonObject): boolean =>
  (how === 'run' || how === 'guarded') && belt !== true && delegate === undefined;

/** An agent of a subject. */
interface AgentInside {
  readonly agent: AnyAgent;
  /** May a guardrail in front of it ask a person about a call of its tools? */
  readonly mayAsk: boolean;
}

function differenceOf({ agent, mayAsk }: AgentInside, name: string, call: JsonObject): string | undefined {
  const tools = agent.tools.filter((each): each is Tool => 'effect' in each && 'input' in each);
  const tool = tools.find((each) => each.name === name);
  const isComplete = agent.tools.every((each) => 'effect' in each || ('kind' in each && each.kind !== 'mcp'));
  // What a server offers is not known without asking it.
  if (!tool && !isComplete) return undefined;
  if (!tool) return `its model called "${name}" when it was recorded, and it has no such tool now`;
  const { input = null, effect, idempotent, ask = false } = call;
  if (effect !== tool.effect)
    return `"${name}" was a ${jsonText(effect)} when it was recorded, and is a ${tool.effect} now`;
  // What only reads can always be repeated.
  const isRepeatable = tool.effect !== 'write' || tool.idempotent;
  if (idempotent !== isRepeatable)
    return `"${name}" was ${idempotent === true ? '' : 'not '}idempotent when it was recorded, and is ${isRepeatable ? '' : 'not '}now`;
  // A policy for approvals, or a guardrail, decides by the call, and may ask about a tool that asks for nothing.
  if (ask !== tool.approval && !(ask === true && mayAsk) && agent.definition('').approve === undefined)
    return `a call of "${name}" ${ask === true ? 'needed' : 'did not need'} a person's yes when it was recorded, and ${tool.approval ? 'needs it' : 'does not'} now`;
  if (!isMasked(input) && !tool.input.safeParse(input).success)
    return `the input of a recorded call of "${name}" does not fit its schema now: ${JSON.stringify(input).slice(0, 200)}`;
  return undefined;
}

/** Every agent of a subject, at any depth. */
function agentsIn(subject: unknown, mayAsk: boolean): AgentInside[] {
  if (typeof subject === 'object' && subject !== null && 'agent' in subject) return agentsIn(subject.agent, mayAsk);
  if (!isRunnable(subject)) return [];
  switch (subject.kind) {
    case 'agent':
      return [
        { agent: subject, mayAsk },
        ...subject.tools.flatMap((tool) =>
          'kind' in tool && tool.kind === 'delegate' ? agentsIn(tool.subject, mayAsk) : [],
        ),
      ];
    case 'guarded':
      return agentsIn(subject.subject, mayAsk || hasToolChecks(subject.guardrails));
    case 'team':
      return Object.values<unknown>(subject.members).flatMap((member) => agentsIn(member, mayAsk));
    case 'orchestrator':
      return subject.members.flatMap((member) => agentsIn(member, mayAsk || hasToolChecks(subject.guardrails)));
    default:
      return [];
  }
}

const hasToolChecks = (guardrails: readonly Guardrail[]): boolean =>
  guardrails.some(({ checks }) => checks.tool !== undefined);
