/** Differences between the calls that an agent's model made when it was recorded and the tools that the agent has today. */
import * as z from 'zod';
import type { AnyAgent, Runnable } from '../../define/runnable.ts';
import type { Tool } from '../../tools/tool.ts';
import { jsonObject, jsonObjects, jsonText } from '../jsonValues.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { agentFinder, type AgentInPlace } from './agentsIn.ts';
import type { Drift } from './drift.ts';
import type { Cassette } from './format.ts';
import { isMasked } from './masker.ts';

/** The first difference of each tool of each actor, in the order of the calls. What is made inside an effect is not replayed, so it is compared here. */
export function toolDrift(subject: Runnable, cassette: Cassette): Omit<Drift, 'difference'>[] {
  const agentOf = agentFinder(subject, cassette);
  const parents = new Map(cassette.actors.map(({ actor, parent }) => [actor, parent]));
  const found = new Map<string, Omit<Drift, 'difference'>>();
  const note = (actor: string, tool: string, key: string, message: string | undefined) => {
    const place = `${actor} ${tool}`;
    const seq = Number(key.split('/').at(-2)) || 0;
    if (message !== undefined && !found.has(place))
      found.set(place, { kind: 'tool', actor, phase: `tool ${tool}`, seq, message });
  };
  for (const { actor, key, name, input, outcome } of cassette.ledger) {
    if (!outcome.ok) continue;
    // A write has an actor of its own, which the agent has started.
    const caller = actor.startsWith('tool-call/') ? (parents.get(actor) ?? actor) : actor;
    const place = agentOf(caller);
    if (!place) continue;
    if (name === 'callModel')
      for (const call of jsonObjects(jsonObject(outcome.output)['calls']) ?? [])
        if (isOwnCall(call))
          note(actor, jsonText(call['name']), key, differenceOf(place, jsonText(call['name']), call));
    if (name === 'runTool')
      note(
        actor,
        jsonText(jsonObject(input)['name']),
        key,
        outputDifference(place.agent, jsonObject(input), jsonObject(outcome.output)),
      );
  }
  return [...found.values()];
}

/** A call of a tool that the agent runs itself: not one of a server, nor of another agent, nor one that was refused. */
const isOwnCall = ({ how, belt, delegate }: JsonObject): boolean =>
  (how === 'run' || how === 'guarded') && belt !== true && delegate === undefined;

const toolsOf = (agent: AnyAgent): Tool[] =>
  agent.tools.filter((each): each is Tool => 'effect' in each && 'input' in each);

function differenceOf({ agent, mayAsk }: AgentInPlace, name: string, call: JsonObject): string | undefined {
  const tool = toolsOf(agent).find((each) => each.name === name);
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
  if (!isMasked(input) && refuses(tool.input, input))
    return `the input of a recorded call of "${name}" does not fit its schema now: ${JSON.stringify(input).slice(0, 200)}`;
  return undefined;
}

/** A recorded result that the tool could not give today. */
function outputDifference(
  agent: AnyAgent,
  { name, belt }: JsonObject,
  { content = null, artifacts }: JsonObject,
): string | undefined {
  const tool = toolsOf(agent).find((each) => each.name === name);
  if (!tool || !keepsWhatItTakes(tool.output) || belt === true) return undefined;
  // Words stand for what was kept beside them.
  if (typeof content !== 'string' || artifacts !== undefined || isMasked(content)) return undefined;
  return [content, ...parsedOf(content)].every((each) => refuses(tool.output, each))
    ? `a recorded result of "${tool.name}" does not fit its output schema now: ${content.slice(0, 200)}`
    : undefined;
}

/** A result that is no text is recorded as the JSON of it. */
function parsedOf(content: string): Json[] {
  try {
    return [JSON.parse(content) as Json];
  } catch {
    return [];
  }
}

/** Only then does what a tool gave, which was recorded, fit the schema again. */
function keepsWhatItTakes(schema: z.ZodType): boolean {
  try {
    z.toJSONSchema(schema, { io: 'output' });
    return true;
  } catch {
    return false; // It has no JSON Schema, such as one with a transformation.
  }
}

/** Does a schema certainly not take what was recorded? */
function refuses(schema: z.ZodType, value: unknown): boolean {
  try {
    return !schema.safeParse(value).success;
  } catch {
    return false; // It needs to wait for something.
  }
}
