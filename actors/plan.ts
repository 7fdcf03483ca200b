/** Asks the model for a plan: steps, and for each its dependencies, its tool, its expected result and how to check that. */
import * as z from 'zod';
import type { PlanOutput, ModelCallInput } from '../machines/agent/effectTypes.ts';
import { askTyped } from './askTyped.ts';
import type { DefinitionFor } from './callModel.ts';
import { effect } from './effect.ts';
import { allTools, type AgentDeps } from './tools.ts';

const Plan = z.object({
  steps: z
    .array(
      z.object({
        id: z.string().min(1),
        goal: z.string().min(1),
        dependsOn: z.array(z.string()),
        tool: z.string().optional(),
        expected: z.string(),
        verification: z.string(),
      }),
    )
    .min(1)
    .max(50),
});

export const plan = (define: DefinitionFor, deps: AgentDeps) =>
  effect<PlanOutput, ModelCallInput>(async (callInput, scope) => {
    const tools = await allTools(deps, callInput.tier, scope);
    const names = tools.map(({ name, description }) => `- ${name}: ${description}`).join('\n');
    const question = {
      name: 'make_plan',
      description: 'Gives the plan.',
      instructions: `Plan the task before you work on it. Each step has an id, a goal, the ids it depends on, the tool it uses if any, what it should give and how to check that.${names ? `\nTools:\n${names}\n` : ''}`,
      shape: Plan,
    };
    return askTyped(question, define(callInput.message), deps, callInput, scope);
  });
