/** What is kept, with each answer of a model, of the definition that it was asked by: a replay compares it with the definition of today. */
import type { AgentDefinition } from '../src/contracts/agent.ts';
import type { ModelChoice } from '../src/contracts/model.ts';
import type { DefinitionFacts } from '../machines/agent/effectTypes.ts';
import { textHash } from './hash.ts';

/** Of an agent's definition for one kind of message: computed once, since its instructions may be long. */
export function factsOf(definition: DefinedFor): DefinitionFacts {
  const known = facts.get(definition);
  if (known) return known;
  const { instructions, model, fallbacks = [] } = definition;
  const made = { instructions: textHash(instructions), models: [model, ...fallbacks].flatMap(idsOf) };
  facts.set(definition, made);
  return made;
}

const facts = new WeakMap<DefinedFor, DefinitionFacts>();

type DefinedFor = Pick<AgentDefinition, 'instructions' | 'model' | 'fallbacks'>;

const idsOf = (choice: ModelChoice): string[] =>
  [choice].flat().map((each) => (typeof each === 'string' ? each : each.id));
