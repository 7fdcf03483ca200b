/** Differences between the definitions that a run was recorded with and those of today that no replay shows, because they are inside effects. */
import { isDeepStrictEqual } from 'node:util';
import { factsOf } from '../../../actors/definitionFacts.ts';
import type { AnyAgent, Runnable } from '../../define/runnable.ts';
import { jsonObject, jsonText } from '../jsonValues.ts';
import type { Json } from '../../values/json.ts';
import { agentFinder } from './agentsIn.ts';
import type { Drift } from './drift.ts';
import type { Cassette, RecordedEffect } from './format.ts';

type Difference = Omit<Drift, 'difference'>;

/** The first difference of each kind of each actor, in the order of the ledger. What an earlier version recorded says less, and is compared as far as it does. */
export function definitionDrift(subject: Runnable, cassette: Cassette): Difference[] {
  const agentOf = agentFinder(subject, cassette);
  const found = new Map<string, Difference>();
  for (const entry of cassette.ledger) {
    const { actor, key } = entry;
    const place = agentOf(actor);
    if (!place) continue;
    for (const [what, message] of differencesOf(place.agent, entry)) {
      const phase = `definition ${what}`;
      const difference = {
        kind: 'definition',
        actor,
        phase,
        seq: Number(key.split('/').at(-2)) || 0,
        message,
      } as const;
      if (!found.has(`${actor} ${phase}`)) found.set(`${actor} ${phase}`, difference);
    }
  }
  return [...found.values()];
}

/** By what differs: its name, and the sentence about it. */
function differencesOf(agent: AnyAgent, { name, input, outcome }: RecordedEffect): [string, string][] {
  if (!outcome.ok) return [];
  const asked = jsonObject(input);
  if (name === 'discover') return numberOfTools(agent, asked['tier'], jsonObject(outcome.output)['tools']);
  if (name !== 'callModel') return [];
  const recorded = jsonObject(jsonObject(outcome.output)['definition']);
  const definition = agent.definition(jsonText(asked['message']));
  const { instructions, models } = factsOf(definition);
  const differences: [string, string][] = [];
  if (recorded['instructions'] !== undefined && recorded['instructions'] !== instructions)
    differences.push(['instructions', 'its instructions are not those that it was recorded with']);
  const areNamed = [definition.model, ...(definition.fallbacks ?? [])].flat().every((each) => typeof each === 'string');
  // A model that is an object stands in for the recorded one in a test: a replay asks none.
  if (areNamed && recorded['models'] !== undefined && !isDeepStrictEqual(recorded['models'], models))
    differences.push([
      'model',
      `it asked ${[recorded['models']].flat().map(String).join(', ')} when it was recorded, and asks ${models.join(', ')} now`,
    ]);
  return differences;
}

/** A tool that was added, or one that was never called and is gone. What servers offer is not known without asking them. */
function numberOfTools(agent: AnyAgent, tier: Json | undefined, before: Json | undefined): [string, string][] {
  const isKnown = agent.allow === undefined && agent.tools.every((each) => !('kind' in each) || each.kind !== 'mcp');
  const now = agent.tools.length;
  if (!isKnown || tier === 'toolbelt' || typeof before !== 'number' || before === now) return [];
  return [['tools', `it had ${before} tools when it was recorded, and has ${now} now`]];
}
