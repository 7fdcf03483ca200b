/** The prompts: what the runtime itself says to a model. */
import type { Evidence } from '../../src/contracts/agent.ts';
import type { Json } from '../../src/values/json.ts';
import type { Artifact, MediaPart } from '../../src/contracts/media.ts';
import { partsField } from './artifacts.ts';
import type { Message } from '../../src/contracts/model.ts';
import type { AnalysisOutput, PlanStep } from './effectTypes.ts';

export const userMessage = (text: string, artifacts?: readonly Artifact[], parts?: readonly MediaPart[]): Message => ({
  role: 'user',
  text,
  ...partsField(artifacts, parts),
});

export const taskPrompt = ({ type, body }: { type: string; body: Json }): string =>
  typeof body === 'string' ? body : `${type}:\n${JSON.stringify(body, null, 2)}`;

export const finishSoonPrompt = 'Most of your budget is used. Finish with what you have and give your answer now.';

export const correctionPrompt = (problem: string): string => `Your last answer cannot be used: ${problem}`;

export const interruptedResult = 'Stopped before it answered: somebody said something meanwhile.';

/** The text with a full stop at its end. */
export const withFullStop = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export const alternativePrompt = (message: string): string =>
  `This approach failed: ${withFullStop(message)} Do not repeat it. Reach the goal in another way.`;

export const unmetObjectivesPrompt = (evidence: readonly Evidence[]): string =>
  `Your answer was checked and is not accepted yet. Not met:\n${evidence
    .filter(({ met }) => !met)
    .map(({ objective, says }) => `- ${objective}: ${says}`)
    .join('\n')}\nMend this and answer again.`;

export const planPrompt = (steps: readonly PlanStep[]): string =>
  `The plan:\n${steps
    .map(({ id, goal, dependsOn, tool, expected, verification }) => {
      const needs = dependsOn.length > 0 ? ` (after ${dependsOn.join(', ')})` : '';
      return `- ${id}${needs}: ${goal}${tool ? ` with ${tool}` : ''}. Expected: ${expected}. Check: ${verification}.`;
    })
    .join('\n')}\nFollow it; depart from it only where what you find requires it.`;

export const analysisPrompt = ({ objective, requirements, risks }: AnalysisOutput): string =>
  [
    `The objective: ${objective}`,
    'Required:',
    ...requirements.map((r) => `- ${r}`),
    ...(risks.length > 0 ? ['Beware:', ...risks.map((r) => `- ${r}`)] : []),
  ].join('\n');

/** Whether a plan can be followed: its ids are unique, every dependency exists, and no step waits for itself. */
export function isAcyclicPlan(steps: readonly PlanStep[]): boolean {
  const open = new Map(steps.map(({ id, dependsOn }) => [id, new Set(dependsOn)]));
  if (steps.length === 0 || open.size !== steps.length) return false;
  if (steps.some(({ dependsOn }) => dependsOn.some((id) => !open.has(id)))) return false;
  for (let progress = true; progress && open.size > 0;) {
    progress = false;
    for (const [id, needs] of open) {
      if (needs.size > 0) continue;
      open.delete(id);
      for (const others of open.values()) others.delete(id);
      progress = true;
    }
  }
  return open.size === 0;
}
