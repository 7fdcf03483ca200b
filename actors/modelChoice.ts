/** Which models an agent may use for its next call, and which of them it is asked of. */
import type { AgentDefinition } from '../src/contracts/agent.ts';
import type { Model, ModelChoice } from '../src/contracts/model.ts';
import type { ModelCallInput } from '../machines/agent/effectTypes.ts';
import type { ModelGateway } from './tools.ts';

/** The models that a choice stands for, in order of preference. */
export const modelsOf = (choice: ModelChoice, gateway: Pick<ModelGateway, 'models'>): readonly (string | Model)[] =>
  gateway.models?.(choice) ?? [choice].flat();

/** The model for the next call: after a fallback the next one of the definition, up to the last one; if it must be cheaper, one further down. */
export function modelChoiceFor(
  { model, fallbacks = [] }: Pick<AgentDefinition, 'model' | 'fallbacks'>,
  { fallbacks: taken, cheaper = 0 }: Pick<ModelCallInput, 'fallbacks' | 'cheaper'>,
  gateway: Pick<ModelGateway, 'models'>,
): ModelChoice {
  const own = cheaper > 0 ? modelsOf(model, gateway) : [];
  if (taken === 0 && cheaper < own.length) return own.slice(cheaper);
  const further = taken + Math.max(0, cheaper - Math.max(0, own.length - 1));
  return (further > 0 ? fallbacks[Math.min(further, fallbacks.length) - 1] : undefined) ?? model;
}
