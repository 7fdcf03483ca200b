/** Asks the model what the task requires, before the first turn. */
import * as z from 'zod';
import type { AnalysisOutput, ModelCallInput } from '../machines/agent/effectTypes.ts';
import { askTyped } from './askTyped.ts';
import type { DefinitionFor } from './callModel.ts';
import { effect } from './effect.ts';
import type { AgentDeps } from './tools.ts';

const question = {
  name: 'state_requirements',
  description: 'Says what the task requires.',
  instructions: 'Before you start: what is the objective, what is required, and what could go wrong?',
  shape: z.object({ objective: z.string().min(1), requirements: z.array(z.string()), risks: z.array(z.string()) }),
};

export const analyze = (define: DefinitionFor, deps: AgentDeps) =>
  effect<AnalysisOutput, ModelCallInput>((callInput, scope) =>
    askTyped(question, define(callInput.message), deps, callInput, scope),
  );
