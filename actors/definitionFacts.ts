/** What is kept, with each answer of a model, of the definition that it was asked by: a replay compares it with the definition of today. */
import type { AgentDefinition } from '../src/contracts/agent.ts';
import type { ModelChoice } from '../src/contracts/model.ts';
import type { DefinitionFacts } from '../machines/agent/effectTypes.ts';
import { textHash } from './hash.ts';

/** Of an agent's definition for one kind of message. */
export const factsOf = ({ instructions, model, fallbacks = [] }: DefinedFor): DefinitionFacts => ({
  instructions: textHash(instructions),
  models: [model, ...fallbacks].flatMap(idsOf),
});

type DefinedFor = Pick<AgentDefinition, 'instructions' | 'model' | 'fallbacks'>;

const idsOf = (choice: ModelChoice): string[] =>
  [choice].flat().map((each) => (typeof each === 'string' ? each : each.id));
