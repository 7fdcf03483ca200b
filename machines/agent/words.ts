/** What the runtime itself says to a model. */
import type { Evidence } from '../../src/contracts/agent.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { Message } from '../../src/contracts/model.ts';
import type { Analysis, PlanStep } from './turn.ts';

export const note = (text: string): Message => ({ role: 'user', text });

export const taskText = ({ type, body }: { type: string; body: Json }): string =>
  typeof body === 'string' ? body : `${type}:\n${JSON.stringify(body, null, 2)}`;

export const finishSoon = 'Most of your budget is used. Finish with what you have and give your answer now.';

export const mend = (problem: string): string => `Your last answer cannot be used: ${problem}`;

export const stoppedFor = 'Stopped before it answered: somebody said something meanwhile.';

/** With its full stop. */
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export const tryAnother = (message: string): string =>
  `This approach failed: ${sentence(message)} Do not repeat it. Reach the goal in another way.`;

export const gapsOf = (evidence: readonly Evidence[]): string =>
  `Your answer was checked and is not accepted yet. Not met:\n${evidence
    .filter(({ met }) => !met)
    .map(({ objective, says }) => `- ${objective}: ${says}`)
    .join('\n')}\nMend this and answer again.`;

export const planText = (steps: readonly PlanStep[]): string =>
  `The plan:\n${steps
    .map(({ id, goal, dependsOn, tool, expected, verification }) => {
      const needs = dependsOn.length > 0 ? ` (after ${dependsOn.join(', ')})` : '';
      return `- ${id}${needs}: ${goal}${tool ? ` with ${tool}` : ''}. Expected: ${expected}. Check: ${verification}.`;
    })
    .join('\n')}\nFollow it; depart from it only where what you find requires it.`;

export const analysisText = ({ objective, requirements, risks }: Analysis): string =>
  [
    `The objective: ${objective}`,
    'Required:',
    ...requirements.map((r) => `- ${r}`),
    ...(risks.length > 0 ? ['Beware:', ...risks.map((r) => `- ${r}`)] : []),
  ].join('\n');

/** A plan that can be followed: ids are unique, what a step depends on is there, and nothing waits for itself. */
export function isDag(steps: readonly PlanStep[]): boolean {
  const waiting = new Map(steps.map(({ id, dependsOn }) => [id, new Set(dependsOn)]));
  if (steps.length === 0 || waiting.size !== steps.length) return false;
  if (steps.some(({ dependsOn }) => dependsOn.some((id) => !waiting.has(id)))) return false;
  for (let free = true; free && waiting.size > 0;) {
    free = false;
    for (const [id, needs] of waiting) {
      if (needs.size > 0) continue;
      waiting.delete(id);
      for (const others of waiting.values()) others.delete(id);
      free = true;
    }
  }
  return waiting.size === 0;
}
